package job

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/wire"
)

func scans(second int, code string) string {
	return fmt.Sprintf(`{"timestamp":%s,"qr_data":%q,"station_name":"s1","action":"scanned"}`, at(second), code)
}

func (w *world) storedScans() []string {
	w.Helper()
	if err := w.tracker.scans.Flush(w.Context()); err != nil {
		w.Fatal(err)
	}
	list, err := w.store.Memory.Scans(w.Context(), tonypi.ScanFilter{})
	if err != nil {
		w.Fatal(err)
	}
	var texts []string
	for i := len(list) - 1; i >= 0; i-- {
		s := list[i]
		texts = append(texts, fmt.Sprintf("%s %s job %d found %v %s", s.Robot, s.Code, s.Job, s.Found, s.Item))
	}
	return texts
}

func TestScans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.scan(scans(0, "QR12345")) // no job is active
		w.job(says(1, `"status":"started","task_name":"t1","items_total":4`, 1))
		for range 2 {
			w.scan(scans(2, "QR12345"))
			w.scan(scans(3, "QR12345")) // the same code again is another scan
			w.scan(scans(4, "nobody knows"))
		}
		synctest.Wait()
		if d := cmp.Diff([]string{"t1 active 3/4 75%"}, brief(w.stored("r1"))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{
			"r1 QR12345 job 0 found true Widget A", "r1 QR12345 job 1 found true Widget A", "r1 QR12345 job 1 found true Widget A",
			"r1 nobody knows job 1 found false ",
		}, w.storedScans()); d != "" {
			t.Error(d)
		}
		answers := w.bus.answers(t)
		if len(answers) != 4 {
			t.Fatalf("%d answers, want one per scan", len(answers))
		}
		want := map[string]any{"sku": "ITEM-001", "name": "Widget A", "description": "", "weight_kg": 0.55, "location": "Aisle 3, Shelf B"}
		delete(answers[1].Item, "received_at")
		if d := cmp.Diff(want, answers[1].Item); d != "" || !answers[1].Found || answers[1].Code != "QR12345" {
			t.Errorf("%+v %s", answers[1], d)
		}
		if a := answers[3]; a.Found || a.Item != nil || a.Message != "Item not found in mock DB" {
			t.Errorf("%+v", a)
		}
		if n := len(w.shown.of(tonypi.Scanned)); n != 4 {
			t.Errorf("%d scans shown", n)
		}
		if got := w.stored("r1")[0].LastItem; string(got) != `{"qr":"nobody knows"}` {
			t.Errorf("last item %s", got)
		}
		if got := w.record.taken()[0]; got != "INFO job QR code scanned: QR12345" {
			t.Errorf("log: %q", got)
		}
	})
}

// Robot and server both count: what the robot says wins, in whatever order it comes.
func TestScanIsNotCountedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.job(says(0, `"status":"started","task_name":"t1","items_total":10`, 0))
		expect := func(what, want string) {
			t.Helper()
			if d := cmp.Diff([]string{want}, brief(w.stored("r1"))); d != "" {
				t.Error(what, d)
			}
		}
		w.scan(scans(1, "QR12345"))
		expect("scanned", "t1 active 1/10 10%")
		w.job(says(2, `"status":"working","items_done":1,"items_total":10,"percent":10`, -1))
		expect("robot counted it too", "t1 active 1/10 10%")
		// Our agent tells its count and its scan in the same beat.
		w.job(says(5, `"status":"working","items_done":2,"items_total":10`, 0))
		w.scan(scans(5, "QR12345"))
		expect("robot had counted it", "t1 active 2/10 20%")
		w.scan(scans(6, "nobody knows"))
		expect("unknown codes count", "t1 active 3/10 30%")
		// A person's scan has the server's stamp, the robot's clock shows another zone: the two cannot be compared.
		if err := w.tracker.Trigger(t.Context(), "r1", "QR00001"); err != nil {
			t.Fatal(err)
		}
		expect("triggered", "t1 active 4/10 40%")
	})
}

func TestScanRepeatedAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.job(says(0, `"status":"started","task_name":"t1","items_total":10`, 0))
		moment := time.Now().Add(-time.Minute)
		u := func() *tonypi.Update {
			return &tonypi.Update{Robot: "r1", At: time.Now(), Sent: moment, Scans: []tonypi.Scan{{Time: moment, Code: "QR12345"}}}
		}
		if err := w.tracker.Take(u()).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.restart()
		if c := w.tracker.Take(u()); c != nil {
			t.Error("a scan that is stored is stored again")
		}
		synctest.Wait()
		if d := cmp.Diff([]string{"t1 active 1/10 10%"}, brief(w.stored("r1"))); d != "" {
			t.Error(d)
		}
		if n := len(w.bus.answers(t)); n != 1 {
			t.Errorf("%d answers", n)
		}
	})
}

func TestTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if err := w.tracker.Trigger(t.Context(), "r1", "QR67890"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		// A broker that is not our own hands it back.
		published := w.bus.sent[0]
		if published.Topic != "tonypi/scan/r1" || !strings.Contains(string(published.Payload), `"qr":"QR67890"`) {
			t.Errorf("published %s %s", published.Topic, published.Payload)
		}
		w.say(published.Topic, string(published.Payload))
		synctest.Wait()
		if d := cmp.Diff([]string{"r1 QR67890 job 0 found true Gadget B"}, w.storedScans()); d != "" {
			t.Error(d)
		}
		if n := len(w.bus.answers(t)); n != 1 {
			t.Errorf("%d answers", n)
		}
		for _, code := range []string{"", strings.Repeat("x", wire.MaxCode+1)} {
			if err := w.tracker.Trigger(t.Context(), "r1", code); tonypi.KindOf(err) != tonypi.Invalid {
				t.Errorf("code of %d bytes: %v", len(code), err)
			}
		}
		w.bus.fail = 1
		if err := w.tracker.Trigger(t.Context(), "r1", "QR67890"); tonypi.KindOf(err) != tonypi.Unavailable {
			t.Errorf("without a broker: %v", err)
		}
		if n := len(w.storedScans()); n != 1 {
			t.Errorf("%d scans: what was not published counts", n)
		}
	})
}

func TestItemsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		items := w.tracker.Items()
		answer := func(second int, code string) wire.ItemAnswer {
			w.scan(scans(second, code))
			synctest.Wait()
			all := w.bus.answers(t)
			return all[len(all)-1]
		}
		w.job(says(0, `"status":"started","task_name":"t1","items_total":10`, 0))
		if err := items.SaveItems(t.Context(), []tonypi.Item{{Code: "new", Name: "New"}}); err != nil {
			t.Fatal(err)
		}
		if a := answer(1, "new"); !a.Found || a.Item["name"] != "New" {
			t.Errorf("new item: %+v", a)
		}
		if got := w.stored("r1")[0]; got.ItemsDone != 1 || !strings.Contains(string(got.LastItem), `"name":"New"`) {
			t.Errorf("%+v", got)
		}
		if d := cmp.Diff([]string{"r1 new job 1 found true New"}, w.storedScans()); d != "" {
			t.Error(d)
		}
		if err := items.DeleteItem(t.Context(), "QR12345"); err != nil {
			t.Fatal(err)
		}
		if a := answer(2, "QR12345"); a.Found {
			t.Errorf("deleted item: %+v", a)
		}
		// While the store is down what was known last counts.
		w.tracker.Changed()
		w.store.set(fmt.Errorf("down"), false)
		if a := answer(3, "new"); !a.Found {
			t.Errorf("store down: %+v", a)
		}
		w.store.set(nil, true)
		w.scan(scans(4, "QR67890"))
		time.Sleep(2*readWithin + time.Second)
		if all := w.bus.answers(t); len(all) != 4 || !all[3].Found {
			t.Errorf("store hangs: %+v", all)
		}
	})
}

// The catalogue comes once: an admin who deletes it does not find it again.
func TestSeedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		items, err := w.store.Items(t.Context(), "", "", 10)
		if err != nil || len(items) != 3 || items[0].Code != "QR00001" || items[0].Name != "Box C" {
			t.Fatalf("%+v, %v", items, err)
		}
		w.scan(scans(0, "QR12345"))
		w.stored("r1")
		w.storedScans()
		for _, item := range items {
			if err := w.store.DeleteItem(t.Context(), item.Code); err != nil {
				t.Fatal(err)
			}
		}
		w.restart()
		if items, err = w.store.Items(t.Context(), "", "", 10); err != nil || len(items) != 0 {
			t.Errorf("%+v, %v", items, err)
		}
	})
}

func TestAnswersWaitForTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.bus.fail = publishTries - 1
		w.scan(scans(0, "QR12345"))
		w.scan(scans(1, "QR67890"))
		time.Sleep(10 * time.Second)
		if all := w.bus.answers(t); len(all) != 2 || all[0].Code != "QR12345" {
			t.Errorf("%+v", all)
		}
		w.bus.fail = publishTries
		w.scan(scans(2, "QR12345"))
		time.Sleep(10 * time.Second)
		if n := len(w.bus.answers(t)); n != 2 || w.tracker.Stats().Unanswered != 1 {
			t.Errorf("%d answers, %+v", n, w.tracker.Stats())
		}
	})
}

// The recordings of the original programs, with the scans that their helper sends: one job per job, one answer per scan.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("../wire/testdata/captures/*.jsonl")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, twice := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			for _, file := range files {
				w.replay(file, twice)
			}
			// The client's helper reads two codes, as the answers in the recording show.
			for range 2 {
				for _, code := range []string{"QR1", "QR12345"} {
					w.say("tonypi/scan/cliA", `{"timestamp":"2026-11-23T18:06:00.5","qr_data":"`+code+`"}`)
				}
			}
			synctest.Wait()
			want := map[tonypi.RobotID][]string{
				"simA": {"inventory_scan cancelled 5/15 33.33%"}, "simB": {"t1 completed 2/2 100%"}, "cliA": {" active 3/10 30%"},
			}
			for robot, jobs := range want {
				if d := cmp.Diff(jobs, brief(w.stored(robot))); d != "" {
					t.Errorf("twice %v: %s (-want +got):\n%s", twice, robot, d)
				}
			}
			if id, _ := w.store.LastJobID(t.Context()); id != 3 {
				t.Errorf("%d jobs, want 3", id)
			}
			if n := len(w.bus.answers(t)); n != 2 {
				t.Errorf("%d answers, want 2", n)
			}
		})
	}
}

func (w *world) replay(file string, twice bool) {
	w.Helper()
	f, err := os.Open(file)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, wire.MaxPayload)
	for lines.Scan() {
		var c struct{ At, Topic, Payload string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			w.Fatal(err)
		}
		at, err := time.Parse("2006-01-02T15:04:05-0700", c.At)
		if err != nil {
			w.Fatal(err)
		}
		if !wire.FromRobot(c.Topic) {
			continue
		}
		w.sayAt(c.Topic, c.Payload, at)
		if twice {
			w.sayAt(c.Topic, c.Payload, at)
		}
	}
}
