package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tonypi"
)

// DefaultRule is a rule that a new server starts with.
type DefaultRule struct {
	tonypi.Rule
	Warning  float64 `json:"warning"`
	Critical float64 `json:"critical"`
}

// NewRule is a rule to be created, or to take the place of the one of the same robot and type.
type NewRule struct {
	Type       string         `json:"metric_type" minLength:"1" maxLength:"50" doc:"Alert type that the rule raises" example:"cpu"`
	Metric     tonypi.Metric  `json:"metric,omitempty" maxLength:"50" doc:"What is judged; may be missing for the types that a new server knows"`
	Robot      tonypi.RobotID `json:"robot_id,omitempty" maxLength:"100" doc:"Empty: every robot"`
	Warning    float64        `json:"warning_threshold"`
	Critical   float64        `json:"critical_threshold"`
	Below      *bool          `json:"below,omitempty" doc:"Alert when the value is at or below the threshold; as the default rule of the type when missing"`
	For        tonypi.Seconds `json:"for_seconds,omitempty" minimum:"0" maximum:"86400"`
	ClearFor   tonypi.Seconds `json:"clear_for_seconds,omitempty" minimum:"0" maximum:"86400"`
	Hysteresis float64        `json:"hysteresis,omitempty" minimum:"0"`
	Enabled    *bool          `json:"enabled,omitempty" doc:"True when missing"`
}

// RuleChange holds what is to change of a rule; what is missing stays.
type RuleChange struct {
	Metric     *tonypi.Metric  `json:"metric,omitempty" maxLength:"50"`
	Warning    *float64        `json:"warning_threshold,omitempty"`
	Critical   *float64        `json:"critical_threshold,omitempty"`
	Below      *bool           `json:"below,omitempty"`
	For        *tonypi.Seconds `json:"for_seconds,omitempty" minimum:"0" maximum:"86400"`
	ClearFor   *tonypi.Seconds `json:"clear_for_seconds,omitempty" minimum:"0" maximum:"86400"`
	Hysteresis *float64        `json:"hysteresis,omitempty" minimum:"0"`
	Enabled    *bool           `json:"enabled,omitempty"`
}

type (
	listRulesIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100" doc:"Only this robot's rules and the global ones"`
	}
	saveRuleIn   struct{ Body NewRule }
	updateRuleIn struct {
		AlertPath
		Body RuleChange
	}
	rulesOut struct {
		Body []tonypi.Rule `nullable:"false"`
	}
	defaultsOut struct {
		Body map[string]DefaultRule
	}
	ruleOut struct{ Body tonypi.Rule }
)

func (s *Server) listRules(_ context.Context, in *listRulesIn) (*rulesOut, error) {
	rules := slices.Clone(s.cfg.Rules.Rules())
	if in.Robot != "" {
		rules = slices.DeleteFunc(rules, func(r tonypi.Rule) bool { return r.Robot != "" && r.Robot != in.Robot })
	}
	slices.SortFunc(rules, func(a, b tonypi.Rule) int {
		return cmp.Or(cmp.Compare(a.Robot, b.Robot), cmp.Compare(a.ID, b.ID))
	})
	return &rulesOut{filled(rules)}, nil
}

// defaultRules returns the rules by their types, as the original did.
func (s *Server) defaultRules(context.Context, *none) (*defaultsOut, error) {
	byType := map[string]DefaultRule{}
	for _, r := range tonypi.DefaultRules() {
		byType[r.Type] = DefaultRule{r, r.Warning, r.Critical}
	}
	return &defaultsOut{byType}, nil
}

func (s *Server) saveRule(ctx context.Context, in *saveRuleIn) (*ruleOut, error) {
	n := in.Body
	rule := tonypi.Rule{
		Type: n.Type, Metric: n.Metric, Robot: n.Robot, Warning: n.Warning, Critical: n.Critical,
		For: n.For, ClearFor: n.ClearFor, Hysteresis: n.Hysteresis, Enabled: true,
	}
	if known, ok := defaultRule(n.Type); ok {
		rule.Metric, rule.Below = cmp.Or(n.Metric, known.Metric), known.Below
	}
	set(&rule.Below, n.Below)
	set(&rule.Enabled, n.Enabled)
	return s.storeRule(ctx, rule)
}

func (s *Server) storeRule(ctx context.Context, rule tonypi.Rule) (*ruleOut, error) {
	t := note(ctx)
	t.robot, t.target = rule.Robot, rule.Type
	t.message = fmt.Sprintf("%s: warning %g, critical %g, enabled %t", rule.Metric, rule.Warning, rule.Critical, rule.Enabled)
	if rule.Robot != "" {
		if err := rule.Robot.Validate(); err != nil {
			return nil, err
		}
	}
	if err := rule.Validate(); err != nil {
		return nil, err
	}
	rule, err := s.cfg.Rules.SaveRule(ctx, rule)
	if err != nil {
		return nil, err
	}
	s.log.Info("rule saved", "rule", rule.ID, "type", rule.Type, "robot", rule.Robot, "by", personOf(ctx).User.Username)
	return &ruleOut{rule}, nil
}

func defaultRule(name string) (tonypi.Rule, bool) {
	rules := tonypi.DefaultRules()
	i := slices.IndexFunc(rules, func(r tonypi.Rule) bool { return r.Type == name })
	if i < 0 {
		return tonypi.Rule{}, false
	}
	return rules[i], true
}

func (s *Server) updateRule(ctx context.Context, in *updateRuleIn) (*ruleOut, error) {
	rules := s.cfg.Rules.Rules()
	i := slices.IndexFunc(rules, func(r tonypi.Rule) bool { return r.ID == in.ID })
	if i < 0 {
		return nil, tonypi.Errorf(tonypi.NotFound, "Threshold %d not found", in.ID)
	}
	rule, c := rules[i], in.Body
	set(&rule.Metric, c.Metric)
	set(&rule.Warning, c.Warning)
	set(&rule.Critical, c.Critical)
	set(&rule.Below, c.Below)
	set(&rule.For, c.For)
	set(&rule.ClearFor, c.ClearFor)
	set(&rule.Hysteresis, c.Hysteresis)
	set(&rule.Enabled, c.Enabled)
	return s.storeRule(ctx, rule)
}

func (s *Server) deleteRule(ctx context.Context, in *AlertPath) (*goneOut, error) {
	if err := s.cfg.Rules.DeleteRule(ctx, in.ID); err != nil {
		return nil, err
	}
	s.log.Info("rule deleted", "rule", in.ID, "by", personOf(ctx).User.Username)
	return &goneOut{Gone{fmt.Sprintf("Threshold %d deleted", in.ID)}}, nil
}

// initDefaultRules creates the global default rules whose type has no global rule.
func (s *Server) initDefaultRules(ctx context.Context, _ *none) (*countOut, error) {
	n, err := s.cfg.Rules.RestoreDefaults(ctx)
	note(ctx).message = fmt.Sprintf("%d rules", n)
	return &countOut{Count{n, fmt.Sprintf("Initialized %d default thresholds", n)}}, err
}
