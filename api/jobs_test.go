package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

func TestJobs(t *testing.T) {
	f := newFixture(t)
	viewer, operator := f.tokens[tonypi.Viewer], f.tokens[tonypi.Operator]
	start := time.Now().UTC().Add(-time.Hour)
	f.must(f.store.SaveJobs(t.Context(), []tonypi.Job{
		{ID: 1, Robot: "r1", Task: "sort", Status: tonypi.JobCompleted, StartedAt: start.Add(-48 * time.Hour), EndedAt: start, ItemsDone: 5, ItemsTotal: 5, Percent: 100},
		{ID: 2, Robot: "r2", Task: "walk", Status: tonypi.JobFailed, StartedAt: start, EndedAt: start},
		{ID: 3, Robot: "r1", Task: "sort", Status: tonypi.JobActive, StartedAt: start},
	}))
	for query, want := range map[string]int{
		"": 3, "?robot_id=r1": 2, "?status=failed": 1, "?task=sort": 2, "?time_range=24h": 2, "?cursor=2": 1, "?limit=2": 2,
	} {
		page := read[JobPage](f.do("GET", "/jobs"+query, viewer, "").want(200))
		if len(page.Jobs) != want || (page.Next != "") != (query == "?limit=2") {
			t.Errorf("%s: %d jobs, next %q", query, len(page.Jobs), page.Next)
		}
	}
	if j := read[tonypi.Job](f.do("GET", "/jobs/3", viewer, "").want(200)); j.ETA.IsZero() {
		t.Errorf("%+v", j)
	}
	f.do("GET", "/jobs/9", viewer, "").detail(404, "Job 9 not found")
	f.do("GET", "/jobs?cursor=-1", viewer, "").detail(400, "cursor is not one that this server gave out")
	stats := read[JobStats](f.do("GET", "/jobs/stats", viewer, "").want(200))
	if stats.Total.Total != 3 || stats.Total.Active != 1 || len(stats.Robots) != 2 {
		t.Errorf("%+v", stats)
	}
	if stats := read[JobStats](f.do("GET", "/jobs/stats?robot_id=r2", viewer, "").want(200)); stats.Total.Total != 1 || len(stats.Robots) != 1 {
		t.Errorf("%+v", stats)
	}
	f.do("POST", "/robots/r1/jobs", operator, `{"task_name":"sort","items_total":4}`).want(202)
	if o := f.crew.order(); o.Type != "start_job" || !cmp.Equal(o.Parameters, map[string]any{"task_name": "sort", "items_total": 4}) {
		t.Errorf("%+v", o)
	}
	f.do("POST", "/robots/r1/jobs/cancel", operator, `{"reason":"enough"}`).want(202)
	if o := f.crew.order(); o.Type != "stop_job" || o.Reason != "enough" {
		t.Errorf("%+v", o)
	}
	f.do("POST", "/robots/r1/jobs/cancel", operator, "").want(202)
	f.do("POST", "/robots/r1/scan", operator, `{"code":"A1"}`).want(204)
	f.do("POST", "/robots/nobody/scan", operator, `{"code":"A1"}`).want(404)
	if !cmp.Equal(f.crew.codes, []string{"A1"}) {
		t.Errorf("%q", f.crew.codes)
	}
	f.must(f.store.SaveScans(t.Context(), []tonypi.ScanRecord{{ID: 1, Robot: "r1", Job: 3, Code: "A1"}, {ID: 2, Robot: "r2", Code: "A2"}}))
	if page := read[ScanPage](f.do("GET", "/scans?job_id=3", viewer, "").want(200)); len(page.Scans) != 1 || page.Scans[0].Code != "A1" {
		t.Errorf("%+v", page)
	}
}

func TestItems(t *testing.T) {
	f := newFixture(t)
	viewer, admin := f.tokens[tonypi.Viewer], f.tokens[tonypi.Admin]
	// A code is whatever was printed: also an address with slashes.
	for _, code := range []string{"A1", "https://x.test/a b?c=1", "export", "ä%"} {
		a := f.do("PUT", "/items/"+url.PathEscape(code), admin, `{"name":"Bolt","weight_kg":0.5}`).want(200)
		if got := read[tonypi.Item](a); got.Code != code || got.UpdatedAt.IsZero() {
			t.Errorf("%q: %+v", code, got)
		}
	}
	f.do("PUT", "/items/A1", admin, `{"code":"A2"}`).want(400)
	f.do("PUT", "/items/A1", admin, `{"weight_kg":-1}`).want(422)
	f.do("PUT", "/items/a%00b", admin, `{}`).detail(400, "code has a control character")
	page := read[ItemPage](f.do("GET", "/items?limit=3", viewer, "").want(200))
	if len(page.Items) != 3 || page.Next == "" {
		t.Errorf("%+v", page)
	}
	if page = read[ItemPage](f.do("GET", "/items?limit=3&cursor="+url.QueryEscape(page.Next), viewer, "").want(200)); len(page.Items) != 1 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	f.do("DELETE", "/items/"+url.PathEscape("https://x.test/a b?c=1"), admin, "").want(204)
	f.do("DELETE", "/items/none", admin, "").detail(404, `Item "none" not found`)
}

func TestImportItems(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	send := func(file string) answered {
		return f.do("POST", "/items/import", admin, file, "Content-Type", "text/csv")
	}
	good := "\ufeffCode, Name ,weight_kg,received_at,location\r\nA1,\"Bolt, M8\",0.5,2026-01-31,'=shelf\r\nA2,,,2026-01-31T12:00:00Z,\r\n"
	if got := read[Imported](send(good).want(200)); got.Count != 2 || len(got.Errors) != 0 {
		t.Errorf("%+v", got)
	}
	item, err := f.store.Item(t.Context(), "A1")
	f.must(err)
	if item.Name != "Bolt, M8" || item.WeightKg != 0.5 || item.ReceivedAt.IsZero() || item.Location != "=shelf" {
		t.Errorf("%+v", item)
	}
	for file, want := range map[string]RowError{
		"code,weight_kg\nB1,1\nB2,heavy\n":           {3, "weight_kg is not a number"},
		"code,weight_kg\nB1,NaN\n":                   {2, "weight_kg must lie between 0 and 1000000"},
		"code,received_at\nB1,soon\n":                {2, "received_at is not a time such as 2026-01-31T12:00:00Z or a date"},
		"code,name\n,x\n":                            {2, "code is empty"},
		"code,name\nB1,x\nB1,y\n":                    {3, `code "B1" stands in line 2 already`},
		"code,name\nB1\n":                            {2, "wrong number of fields"},
		"code,name\nB1,\"x\n":                        {2, `extraneous or missing " in quoted-field`},
		"code\nB1\n" + strings.Repeat("x", 201):      {3, "code is longer than 200 bytes"},
		"code,name\nB1," + strings.Repeat("x", 4001): {2, "a field is longer than 4000 bytes"},
	} {
		got := read[Imported](send(file).want(200))
		if got.Count != 0 || len(got.Errors) == 0 || got.Errors[0].Detail != want.Detail || got.Errors[0].Line < want.Line || got.Errors[0].Line > want.Line+1 {
			t.Errorf("%.40q: %+v", file, got)
		}
		if _, err := f.store.Item(t.Context(), "B1"); tonypi.KindOf(err) != tonypi.NotFound {
			t.Errorf("%.40q: part of it was imported", file)
		}
	}
	send("").want(400)
	send("name\nx\n").detail(400, "The header does not name the column code")
	send("code,price\nx,1\n").detail(400, `The header has the unknown or repeated column "price"`)
	send("code,code\nx,1\n").want(400)
	var many strings.Builder
	many.WriteString("code,weight_kg\n")
	for i := range 500 {
		fmt.Fprintf(&many, "C%d,x\n", i)
	}
	if got := read[Imported](send(many.String()).want(200)); len(got.Errors) != maxRowErrors {
		t.Errorf("%d errors", len(got.Errors))
	}
	send("code\n" + strings.Repeat("x\n", 1<<20)).want(413)

	// What is exported can be imported again.
	a := f.do("GET", "/items/export", f.tokens[tonypi.Viewer], "").want(200)
	if !strings.Contains(a.body, `A1,,"Bolt, M8",,0.5,'=shelf,2026-01-31T00:00:00Z`+"\r\n") {
		t.Errorf("%s", a.body)
	}
	if got := read[Imported](send(a.body).want(200)); got.Count != 2 {
		t.Errorf("%+v", got)
	}
}
