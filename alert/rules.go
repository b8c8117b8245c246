package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tonypi"
)

// rule is an enabled rule, ready to judge.
type rule struct {
	tonypi.Rule
	battery bool // not judged while the robot charges
	floor   float64
	floored bool // values at or below floor are not judged
}

func newRule(r tonypi.Rule) *rule {
	compiled := &rule{Rule: r}
	switch r.Metric {
	case tonypi.BatteryPercent, tonypi.BatteryVoltage, tonypi.BatteryMinutes:
		compiled.battery = true
	case tonypi.ServoTemperature, tonypi.CPUTemperature:
		compiled.floored = true
	case tonypi.ServoVoltage:
		compiled.floored = true
		// A rule for a three-cell battery says nothing about readings of the 5 V kind: the original clients send 5.0 for
		// "could not read" and 4.8 to 5.2 when they simulate. A rule with a warning threshold of 7 V or less is one for
		// 5 V servos, whose readings it judges.
		if r.Warning > minServoSupply {
			compiled.floor = minServoSupply
		}
	}
	return compiled
}

// credible reports whether v is a measurement at all.
func (r *rule) credible(v float64) bool { return !r.floored || v > r.floor }

// calm reports whether v is no reason for an alert, without a copy of the rule.
func (r *rule) calm(v float64) bool {
	if r.Below {
		return v > r.Warning
	}
	return v < r.Warning
}

// offCritical reports whether v is far enough from the critical threshold for an alert to become a warning.
func (r *rule) offCritical(v float64) bool {
	if r.Below {
		return v > r.Critical+r.Hysteresis
	}
	return v < r.Critical-r.Hysteresis
}

// ruleSet is what holds for one robot: enabled rules only.
type ruleSet struct {
	table    *table
	byMetric map[tonypi.Metric][]*rule
	silence  *rule           // nil: silence is no reason
	off      map[string]bool // types about what happened that a rule switches off
}

// find returns the rule of a type, or nil when there is none or it is disabled.
func (s *ruleSet) find(kind string, metric tonypi.Metric) *rule {
	if kind == tonypi.SilenceRule {
		return s.silence
	}
	for _, r := range s.byMetric[metric] {
		if r.Type == kind {
			return r
		}
	}
	return nil
}

// table is an immutable set of all rules.
type table struct {
	rules  []tonypi.Rule // by robot (global first), then type
	global *ruleSet
	robots map[tonypi.RobotID]*ruleSet // of robots with rules of their own
}

func newTable(rules []tonypi.Rule) *table {
	t := &table{rules: slices.Clone(rules), robots: make(map[tonypi.RobotID]*ruleSet)}
	slices.SortFunc(t.rules, func(a, b tonypi.Rule) int {
		return cmp.Or(cmp.Compare(a.Robot, b.Robot), cmp.Compare(a.Type, b.Type))
	})
	byRobot := make(map[tonypi.RobotID][]tonypi.Rule)
	for _, r := range t.rules {
		byRobot[r.Robot] = append(byRobot[r.Robot], r)
	}
	t.global = t.compile(byRobot[""], nil)
	for id, own := range byRobot {
		if id != "" {
			t.robots[id] = t.compile(own, byRobot[""])
		}
	}
	return t
}

// compile makes the rules of a robot: its own, and the global ones of types that it has no rule of.
func (t *table) compile(own, global []tonypi.Rule) *ruleSet {
	set := &ruleSet{table: t, byMetric: make(map[tonypi.Metric][]*rule), off: make(map[string]bool)}
	named := make(map[string]bool)
	add := func(r tonypi.Rule) {
		if named[r.Type] {
			return
		}
		named[r.Type] = true
		switch {
		case happens(r.Type):
			set.off[r.Type] = !r.Enabled
		case !r.Enabled:
		case r.Type == tonypi.SilenceRule:
			set.silence = newRule(r)
		default:
			set.byMetric[r.Metric] = append(set.byMetric[r.Metric], newRule(r))
		}
	}
	for _, r := range own {
		add(r)
	}
	for _, r := range global {
		add(r)
	}
	return set
}

// rulesOf returns the rules of a robot; its lock is held.
func (e *Engine) rulesOf(r *robot) *ruleSet {
	t := e.table.Load()
	if r.rules == nil || r.rules.table != t {
		r.rules = t.global
		if own := t.robots[r.id]; own != nil {
			r.rules = own
		}
	}
	return r.rules
}

// Rules returns all rules, the global ones first, then by robot and type.
func (e *Engine) Rules() []tonypi.Rule { return slices.Clone(e.table.Load().rules) }

// SaveRule stores a rule and judges by it from the next data on. A rule of the same robot and type is replaced. Errors:
// Invalid, NotFound for an ID that does not exist, Conflict when the ID belongs to a rule of another robot and type and that
// robot and type has one already, and those of the store.
func (e *Engine) SaveRule(ctx context.Context, r tonypi.Rule) (tonypi.Rule, error) {
	if err := r.Validate(); err != nil {
		return tonypi.Rule{}, err
	}
	if r.Type == tonypi.SilenceRule && r.Metric != "" {
		return tonypi.Rule{}, tonypi.Errorf(tonypi.Invalid, "the rule about silence judges no metric")
	}
	e.ruleMu.Lock()
	defer e.ruleMu.Unlock()
	old := e.table.Load().rules
	now := time.Now().UTC()
	r.CreatedAt, r.UpdatedAt = now, now
	at, err := place(old, &r)
	if err != nil {
		return tonypi.Rule{}, err
	}
	saved, err := e.ruleStore.SaveRule(ctx, r)
	if err != nil {
		return tonypi.Rule{}, fmt.Errorf("store rule: %w", err)
	}
	if at >= 0 {
		old = slices.Delete(slices.Clone(old), at, at+1)
	}
	e.table.Store(newTable(append(slices.Clip(old), saved)))
	e.recheck(now)
	return saved, nil
}

// place finds the rule that r takes the place of, or -1, and gives r its ID and birthday.
func place(rules []tonypi.Rule, r *tonypi.Rule) (int, error) {
	same := slices.IndexFunc(rules, func(o tonypi.Rule) bool { return o.Robot == r.Robot && o.Type == r.Type })
	at := same
	if r.ID != 0 {
		at = slices.IndexFunc(rules, func(o tonypi.Rule) bool { return o.ID == r.ID })
		switch {
		case at < 0:
			return -1, tonypi.Errorf(tonypi.NotFound, "Rule %d not found", r.ID)
		case same >= 0 && same != at:
			return -1, tonypi.Errorf(tonypi.Conflict, "there is already a rule %q for this robot", r.Type)
		}
	}
	if at >= 0 {
		r.ID, r.CreatedAt = rules[at].ID, rules[at].CreatedAt
	}
	return at, nil
}

// DeleteRule removes a rule and resolves its alerts, unless a global rule now takes its place. Errors: NotFound, and those
// of the store.
func (e *Engine) DeleteRule(ctx context.Context, id int64) error {
	e.ruleMu.Lock()
	defer e.ruleMu.Unlock()
	rules := slices.Clone(e.table.Load().rules)
	at := slices.IndexFunc(rules, func(r tonypi.Rule) bool { return r.ID == id })
	if at < 0 {
		return tonypi.Errorf(tonypi.NotFound, "Rule %d not found", id)
	}
	if err := e.ruleStore.DeleteRule(ctx, id); err != nil {
		return fmt.Errorf("delete rule: %w", err)
	}
	e.table.Store(newTable(slices.Delete(rules, at, at+1)))
	e.recheck(time.Now())
	return nil
}

// RestoreDefaults stores the default rules whose types have no global rule and returns how many that were.
func (e *Engine) RestoreDefaults(ctx context.Context) (int, error) {
	have := make(map[string]bool)
	for _, r := range e.Rules() {
		if r.Robot == "" {
			have[r.Type] = true
		}
	}
	count := 0
	for _, r := range tonypi.DefaultRules() {
		if have[r.Type] {
			continue
		}
		if _, err := e.SaveRule(ctx, r); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}

// forgetRules drops a removed robot's own rules from memory; their rows go with the robot's.
func (e *Engine) forgetRules(id tonypi.RobotID) {
	e.ruleMu.Lock()
	defer e.ruleMu.Unlock()
	if t := e.table.Load(); t.robots[id] != nil {
		rules := slices.DeleteFunc(slices.Clone(t.rules), func(r tonypi.Rule) bool { return r.Robot == id })
		e.table.Store(newTable(rules))
	}
}

// recheck resolves the alerts and drops the conditions that no rule stands behind any more.
func (e *Engine) recheck(now time.Time) {
	e.each(func(r *robot) {
		rules := e.rulesOf(r)
		if a := r.silence.alert; a != nil && a.RuleID != 0 && rules.silence == nil {
			e.close(a, byRuleChange, now)
			r.silence.alert = nil
		}
		for key, c := range r.conditions {
			if e.ruled(rules, key, c) {
				continue
			}
			if c.alert != nil {
				e.close(c.alert, byRuleChange, now)
			}
			delete(r.conditions, key)
		}
	})
}

// ruled finds the rule that stands behind a condition and reports whether there is one. Alerts that no rule raised stay,
// unless a rule switches their type off.
func (e *Engine) ruled(rules *ruleSet, key conditionKey, c *condition) bool {
	metric := tonypi.Metric("")
	switch {
	case rules.off[key.kind]:
		return false
	case c.alert != nil && c.alert.RuleID == 0:
		return true
	case c.alert != nil:
		metric = c.alert.Metric
	case c.rule != nil:
		metric = c.rule.Metric
	}
	now := rules.find(key.kind, metric)
	if now != nil && c.rule != nil {
		if now.Rule != c.rule.Rule {
			c.stop() // measured against other thresholds
		}
		c.rule = now
	}
	return now != nil
}
