package storetest

import (
	"fmt"
	"testing"
	"time"

	"tonypi"
)

var robotTests = []sqlTest{
	{"robot comes back as it was", testRobotRoundTrip},
	{"robots are ordered by ID, byte by byte", testRobotOrder},
	{"robot is created once", testRobotOnce},
	{"robot edit writes only what people edit", testRobotEdit},
	{"robot that is not there", testRobotMissing},
	{"robot with hostile text", testRobotHostile},
	{"sightings", testSeen},
	{"sightings of many robots at once", testSeenMany},
	{"robot is deleted with all that is its own", testRobotDelete},
	{"robot is deleted once", testRobotDeleteOnce},
	{"robot calls hear that their context ended", testRobotCancel},
}

func fullRobot(id tonypi.RobotID) tonypi.Robot {
	return tonypi.Robot{
		ID: id, Name: "Tony", Description: "walks", Location: "lab 3", Adoption: tonypi.Adopted, Address: "192.168.1.7",
		CameraURL: "http://192.168.1.7:8080/?action=stream", Platform: "Linux", Agent: "tonypi 1.0", Status: "online",
		Posture: "standing", Stopped: true, StopReason: "fell", LastSeen: at(3), CreatedAt: at(1), UpdatedAt: at(2),
	}
}

func testRobotRoundTrip(t *testing.T, s Stores) {
	same(t, got[[]tonypi.Robot](t)(s.Robots(t.Context())), nil)
	want := fullRobot("tonypi_01")
	must(t, s.CreateRobot(t.Context(), want))
	same(t, got[tonypi.Robot](t)(s.Robot(t.Context(), want.ID)), want)
	same(t, got[[]tonypi.Robot](t)(s.Robots(t.Context())), []tonypi.Robot{want})

	never := tonypi.Robot{ID: "never_seen", Adoption: tonypi.Pending}
	before := time.Now().Truncate(time.Millisecond)
	must(t, s.CreateRobot(t.Context(), never))
	r := got[tonypi.Robot](t)(s.Robot(t.Context(), never.ID))
	if !r.LastSeen.IsZero() {
		t.Errorf("LastSeen is %v, want zero", r.LastSeen)
	}
	if r.CreatedAt.Before(before) || r.UpdatedAt.Before(before) || r.CreatedAt.Location() != time.UTC {
		t.Errorf("created %v, updated %v, want now in UTC", r.CreatedAt, r.UpdatedAt)
	}

	fine := fullRobot("fine")
	fine.LastSeen = time.Date(2026, 7, 1, 23, 59, 59, 999_999_999, time.FixedZone("", 3600))
	must(t, s.CreateRobot(t.Context(), fine))
	fine.LastSeen = time.Date(2026, 7, 1, 22, 59, 59, 999_000_000, time.UTC)
	same(t, got[tonypi.Robot](t)(s.Robot(t.Context(), "fine")), fine)
}

func testRobotOrder(t *testing.T, s Stores) {
	for _, id := range []tonypi.RobotID{"b", "ä", "B", "a10", "a_1", "a9", "a-1", "Z"} {
		must(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: id}))
	}
	robots := got[[]tonypi.Robot](t)(s.Robots(t.Context()))
	same(t, ids(robots, func(r tonypi.Robot) tonypi.RobotID { return r.ID }),
		[]tonypi.RobotID{"B", "Z", "a-1", "a10", "a9", "a_1", "b", "ä"})
}

func testRobotOnce(t *testing.T, s Stores) {
	must(t, s.CreateRobot(t.Context(), fullRobot("r")))
	wantKind(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: "r", Name: "other"}), tonypi.Conflict, "Robot already exists")
	same(t, got[tonypi.Robot](t)(s.Robot(t.Context(), "r")), fullRobot("r"))
	must(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: "R"}))
	if n := together(t, 8, tonypi.Conflict, func(int) error { return s.CreateRobot(t.Context(), tonypi.Robot{ID: "race"}) }); n != 1 {
		t.Errorf("%d calls created the robot, want 1", n)
	}
}

func testRobotEdit(t *testing.T, s Stores) {
	must(t, s.CreateRobot(t.Context(), fullRobot("r")))
	must(t, s.CreateRobot(t.Context(), fullRobot("other")))
	before := time.Now().Truncate(time.Millisecond)
	must(t, s.UpdateRobot(t.Context(), tonypi.Robot{
		ID: "r", Name: "New", Description: "sits", Location: "", Adoption: tonypi.Rejected,
		Status: "offline", Address: "6.6.6.6", LastSeen: at(999), CreatedAt: at(999), Posture: "held",
	}))
	want := fullRobot("r")
	want.Name, want.Description, want.Location, want.Adoption = "New", "sits", "", tonypi.Rejected
	r := got[tonypi.Robot](t)(s.Robot(t.Context(), "r"))
	if r.UpdatedAt.Before(before) {
		t.Errorf("updated %v, want now", r.UpdatedAt)
	}
	r.UpdatedAt = want.UpdatedAt
	same(t, r, want)
	same(t, got[tonypi.Robot](t)(s.Robot(t.Context(), "other")), fullRobot("other"))
}

func testRobotMissing(t *testing.T, s Stores) {
	for _, id := range []tonypi.RobotID{"", "nobody", "nul\x00", "broken\xff", "'; --"} {
		_, err := s.Robot(t.Context(), id)
		wantKind(t, err, tonypi.NotFound, "Robot not found")
		wantKind(t, s.UpdateRobot(t.Context(), tonypi.Robot{ID: id}), tonypi.NotFound, "Robot not found")
		wantKind(t, s.DeleteRobot(t.Context(), id), tonypi.NotFound, "Robot not found")
	}
	for _, id := range []tonypi.RobotID{"", "nul\x00", "broken\xff", tonypi.RobotID(make([]byte, 256))} {
		wantKind(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: id}), tonypi.Invalid, "robot ID")
	}
}

func testRobotHostile(t *testing.T, s Stores) {
	for _, text := range hostile {
		r := fullRobot(tonypi.RobotID(text))
		r.Name, r.Description, r.Location, r.Status, r.Platform = text, text, text, text, text
		must(t, s.CreateRobot(t.Context(), r))
		must(t, s.UpdateRobot(t.Context(), r))
		must(t, s.Seen(t.Context(), []tonypi.Sighting{{Robot: r.ID, LastSeen: r.LastSeen, Presence: &tonypi.Presence{
			Status: text, Posture: text, Stopped: true, StopReason: text,
		}}}))
		r.Posture, r.StopReason = text, text
		saved := got[tonypi.Robot](t)(s.Robot(t.Context(), r.ID))
		saved.UpdatedAt = r.UpdatedAt
		same(t, saved, r)
	}
	if n := len(got[[]tonypi.Robot](t)(s.Robots(t.Context()))); n != len(hostile) {
		t.Errorf("%d robots, want %d", n, len(hostile))
	}

	must(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: "dirty", Name: "a\x00b\xffc"}))
	must(t, s.Seen(t.Context(), []tonypi.Sighting{{Robot: "dirty", Presence: &tonypi.Presence{Platform: "\x00\xfe"}}}))
	r := got[tonypi.Robot](t)(s.Robot(t.Context(), "dirty"))
	same(t, []string{r.Name, r.Platform}, []string{"a\uFFFDb\uFFFDc", "\uFFFD\uFFFD"})
}

func testSeen(t *testing.T, s Stores) {
	said := tonypi.Presence{Status: "online", Address: "10.0.0.1", CameraURL: "http://c", Platform: "Linux", Agent: "a 1", Posture: "walking"}
	stopped := tonypi.Presence{Status: "emergency_stopped", Stopped: true, StopReason: "button"}
	start := tonypi.Robot{Name: "n", LastSeen: at(10), CreatedAt: at(1), UpdatedAt: at(1)}
	all := start
	all.Status, all.Address, all.CameraURL, all.Platform, all.Agent, all.Posture = "online", "10.0.0.1", "http://c", "Linux", "a 1", "walking"
	all.LastSeen = at(11)
	halted := all
	halted.Status, halted.Stopped, halted.StopReason = "emergency_stopped", true, "button"

	for name, test := range map[string]struct {
		news []tonypi.Sighting
		want func(r *tonypi.Robot)
	}{
		"nothing":             {nil, func(*tonypi.Robot) {}},
		"only the time":       {[]tonypi.Sighting{{LastSeen: at(12)}}, func(r *tonypi.Robot) { r.LastSeen = at(12) }},
		"never back":          {[]tonypi.Sighting{{LastSeen: at(9)}}, func(*tonypi.Robot) {}},
		"no time":             {[]tonypi.Sighting{{Presence: &tonypi.Presence{Posture: "held"}}}, func(r *tonypi.Robot) { r.Posture = "held" }},
		"everything":          {[]tonypi.Sighting{{LastSeen: at(11), Presence: &said}}, func(r *tonypi.Robot) { *r = all }},
		"empty means unsaid":  {[]tonypi.Sighting{{LastSeen: at(11), Presence: &said}, {Presence: &tonypi.Presence{}}}, func(r *tonypi.Robot) { *r = all }},
		"merged in order":     {[]tonypi.Sighting{{LastSeen: at(11), Presence: &said}, {LastSeen: at(5), Presence: &stopped}}, func(r *tonypi.Robot) { *r = halted }},
		"no time after stop":  {[]tonypi.Sighting{{LastSeen: at(11), Presence: &said}, {Presence: &stopped}, {LastSeen: at(2)}}, func(r *tonypi.Robot) { *r = halted }},
		"resumed, no reason":  {[]tonypi.Sighting{{LastSeen: at(11), Presence: &stopped}, {Presence: &said}}, func(r *tonypi.Robot) { *r = all }},
		"unknown is skipped":  {[]tonypi.Sighting{{Robot: "unknown", LastSeen: at(20), Presence: &said}, {LastSeen: at(12)}}, func(r *tonypi.Robot) { r.LastSeen = at(12) }},
		"nonsense is skipped": {[]tonypi.Sighting{{Robot: "\x00", LastSeen: at(20)}, {Robot: "\xff"}, {LastSeen: at(12)}}, func(r *tonypi.Robot) { r.LastSeen = at(12) }},
	} {
		t.Run(name, func(t *testing.T) {
			want := start
			want.ID = tonypi.RobotID(name)
			must(t, s.CreateRobot(t.Context(), want))
			for i := range test.news {
				if test.news[i].Robot == "" {
					test.news[i].Robot = want.ID
				}
			}
			must(t, s.Seen(t.Context(), test.news))
			// Told once more one by one, the same comes of it.
			for range 2 {
				r := want
				test.want(&r)
				r.ID = want.ID
				r.Name, r.CreatedAt, r.UpdatedAt = want.Name, want.CreatedAt, want.UpdatedAt
				same(t, got[tonypi.Robot](t)(s.Robot(t.Context(), want.ID)), r)
				for _, one := range test.news {
					must(t, s.Seen(t.Context(), []tonypi.Sighting{one}))
				}
			}
		})
	}
}

func testSeenMany(t *testing.T, s Stores) {
	const robots = 300
	var news []tonypi.Sighting
	for i := range robots {
		id := tonypi.RobotID(fmt.Sprintf("r%03d", i))
		must(t, s.CreateRobot(t.Context(), tonypi.Robot{ID: id}))
		news = append(news, tonypi.Sighting{Robot: id, LastSeen: at(i), Presence: &tonypi.Presence{Address: fmt.Sprintf("10.0.0.%d", i)}})
	}
	together(t, 4, tonypi.Internal, func(int) error { return s.Seen(t.Context(), news) })
	for i, r := range got[[]tonypi.Robot](t)(s.Robots(t.Context())) {
		if !r.LastSeen.Equal(at(i)) || r.Address != fmt.Sprintf("10.0.0.%d", i) {
			t.Fatalf("robot %d was seen %v at %s", i, r.LastSeen, r.Address)
		}
	}
}

func testRobotDelete(t *testing.T, s Stores) {
	ctx := t.Context()
	for i, id := range []tonypi.RobotID{"gone", "stays"} {
		must(t, s.CreateRobot(ctx, fullRobot(id)))
		must(t, s.SaveAlerts(ctx, []tonypi.Alert{fullAlert(int64(i+1), id), fullAlert(int64(i+11), id)}))
		_, err := s.SaveRule(ctx, fullRule(id, "cpu"))
		must(t, err)
		must(t, s.SaveCredential(ctx, tonypi.Credential{ID: string(id), Kind: tonypi.RobotCredential, Robot: id, SecretHash: []byte(id)}))
	}
	global := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "cpu")))
	must(t, s.DeleteRobot(ctx, "gone"))

	robots := got[[]tonypi.Robot](t)(s.Robots(ctx))
	same(t, ids(robots, func(r tonypi.Robot) tonypi.RobotID { return r.ID }), []tonypi.RobotID{"stays"})
	alerts := got[[]tonypi.Alert](t)(s.Alerts(ctx, tonypi.AlertFilter{}))
	same(t, ids(alerts, func(a tonypi.Alert) int64 { return a.ID }), []int64{12, 2})
	rules := got[[]tonypi.Rule](t)(s.Rules(ctx))
	same(t, ids(rules, func(r tonypi.Rule) tonypi.RobotID { return r.Robot }), []tonypi.RobotID{"stays", global.Robot})
	_, err := s.CredentialByHash(ctx, []byte("gone"))
	wantKind(t, err, tonypi.NotFound, "Credential not found")
	same(t, got[tonypi.Credential](t)(s.CredentialByHash(ctx, []byte("stays"))).Robot, "stays")

	wantKind(t, s.DeleteRobot(ctx, "gone"), tonypi.NotFound, "Robot not found")
	must(t, s.CreateRobot(ctx, fullRobot("gone")))
}

func testRobotDeleteOnce(t *testing.T, s Stores) {
	must(t, s.CreateRobot(t.Context(), fullRobot("r")))
	if n := together(t, 8, tonypi.NotFound, func(int) error { return s.DeleteRobot(t.Context(), "r") }); n != 1 {
		t.Errorf("%d calls deleted the robot, want 1", n)
	}
}

func testRobotCancel(t *testing.T, s Stores) {
	ctx := cancelled()
	must(t, s.CreateRobot(t.Context(), fullRobot("r")))
	_, errRobot := s.Robot(ctx, "r")
	_, errRobots := s.Robots(ctx)
	wantCancelled(t, map[string]error{
		"Robot": errRobot, "Robots": errRobots,
		"CreateRobot": s.CreateRobot(ctx, fullRobot("new")),
		"UpdateRobot": s.UpdateRobot(ctx, tonypi.Robot{ID: "r"}),
		"Seen":        s.Seen(ctx, []tonypi.Sighting{{Robot: "r", LastSeen: at(99)}}),
		"DeleteRobot": s.DeleteRobot(ctx, "r"),
	})
	same(t, got[[]tonypi.Robot](t)(s.Robots(t.Context())), []tonypi.Robot{fullRobot("r")})
}
