package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/line"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/johnfercher/maroto/v2/pkg/repository"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"tonypi"
)

// family is the font of the page: Go's own, which knows Latin, Greek and Cyrillic letters.
const family = "go"

var (
	ink    = &props.Color{Red: 26, Green: 35, Blue: 126}
	muted  = &props.Color{Red: 96, Green: 100, Blue: 112}
	shaded = &props.Cell{BackgroundColor: &props.Color{Red: 240, Green: 242, Blue: 247}}
)

// PDF typesets a report on A4 pages.
func PDF(r tonypi.Report) ([]byte, error) {
	fonts, err := repository.New().
		AddUTF8FontFromBytes(family, fontstyle.Normal, goregular.TTF).
		AddUTF8FontFromBytes(family, fontstyle.Bold, gobold.TTF).
		Load()
	if err != nil {
		return nil, fmt.Errorf("load fonts: %w", err)
	}
	page := maroto.New(config.NewBuilder().
		WithCustomFonts(fonts).WithDefaultFont(&props.Font{Family: family, Size: 10}).
		WithTitle(r.Title, true).WithCreator("tonypi", true).WithCreationDate(r.CreatedAt).
		WithPageNumber(props.PageNumber{Pattern: "{current} / {total}", Place: props.Bottom, Size: 8, Family: family}).
		WithLeftMargin(18).WithRightMargin(18).WithTopMargin(16).Build())
	page.AddRows(head(r)...)
	page.AddRows(body(r)...)
	document, err := page.Generate()
	if err != nil {
		return nil, fmt.Errorf("typeset report: %w", err)
	}
	return document.GetBytes(), nil
}

func head(r tonypi.Report) []core.Row {
	rows := []core.Row{text.NewAutoRow(clean(r.Title), props.Text{Size: 20, Style: fontstyle.Bold, Color: ink, Bottom: 1})}
	if r.Description != "" {
		rows = append(rows, text.NewAutoRow(clean(r.Description), props.Text{Color: muted, Bottom: 2}))
	}
	rows = append(rows, line.NewRow(4))
	facts := [][]string{{"Generated", r.CreatedAt.UTC().Format("2006-01-02 15:04 UTC")}, {"Report type", r.Type}}
	if r.Robot != "" {
		facts = append(facts, []string{"Robot", string(r.Robot)})
	}
	if r.CreatedBy != "" {
		facts = append(facts, []string{"Made by", r.CreatedBy})
	}
	return append(rows, table(nil, []int{3, 9}, facts)...)
}

// body typesets the data by the report's type; a report that somebody wrote has no more than its head and its members.
func body(r tonypi.Report) []core.Row {
	if len(r.Data) == 0 || string(r.Data) == "null" {
		return nil
	}
	var rows []core.Row
	switch r.Type {
	case Performance:
		rows = decoded(r.Data, performanceRows)
	case Jobs:
		rows = decoded(r.Data, jobRows)
	case Maintenance:
		rows = decoded(r.Data, maintenanceRows)
	}
	if rows == nil {
		return customRows(r.Data)
	}
	return rows
}

// decoded returns nil for data of another shape: whoever wrote a report chose it.
func decoded[T any](data []byte, rows func(T) []core.Row) []core.Row {
	var v T
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	return rows(v)
}

func performanceRows(d PerformanceData) []core.Row {
	rows := section("Performance metrics")
	rows = append(rows, table(nil, []int{6, 6}, [][]string{
		{"Average CPU usage", number(d.CPU, " %")}, {"Average memory usage", number(d.Memory, " %")},
		{"Average temperature", number(d.Temperature, " °C")}, {"Data points", fmt.Sprint(d.Points)}, {"Period", d.Period},
	})...)
	if len(d.Robots) == 0 {
		return rows
	}
	lines := make([][]string, 0, len(d.Robots))
	for _, r := range d.Robots {
		lines = append(lines, []string{string(r.Robot), span(r.CPU, "%"), span(r.Memory, "%"), span(r.Temperature, "°C"), span(r.Battery, "%")})
	}
	rows = append(rows, section("Robots: mean (lowest to highest)")...)
	return append(rows, table([]string{"Robot", "CPU", "Memory", "Temperature", "Battery"}, []int{3, 2, 2, 3, 2}, lines)...)
}

func jobRows(d JobData) []core.Row {
	end := "in progress"
	if d.End != nil {
		end = moment(*d.End)
	}
	facts := [][]string{
		{"Task", d.Task}, {"Started", moment(d.Start)}, {"Ended", end}, {"Items processed", fmt.Sprintf("%d of %d", d.ItemsDone, d.ItemsTotal)},
		{"Completion", fmt.Sprintf("%.1f %%", d.Percent)}, {"Status", string(d.Status)},
	}
	if d.Reason != "" {
		facts = append(facts, []string{"Reason", d.Reason})
	}
	return append(section("Job summary"), table(nil, []int{4, 8}, facts)...)
}

func maintenanceRows(d MaintenanceData) []core.Row {
	if len(d.Servos) == 0 {
		return section("No servo data available")
	}
	names := slices.SortedFunc(maps.Keys(d.Servos), func(a, b string) int {
		if len(a) != len(b) { // servo_2 before servo_10
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	lines := make([][]string, 0, len(names))
	for _, name := range names {
		s := d.Servos[name]
		lines = append(lines, []string{name, number(s.Temperature, " °C"), number(s.Hottest, " °C"), number(s.Voltage, " V"), number(s.Position, "°"), s.Level})
	}
	rows := append(section("Servo health"), table([]string{"Servo", "Temperature", "Hottest", "Voltage", "Position", "Level"}, []int{2, 2, 2, 2, 2, 2}, lines)...)
	rows = append(rows, row.New(4).Add(col.New(12)))
	return append(rows, table(nil, []int{4, 8}, [][]string{{"Servos", fmt.Sprint(d.Count)}, {"Period", d.Period}})...)
}

func customRows(data []byte) []core.Row {
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		return nil
	}
	rows := section("Data")
	const most = 500 // lines
	for i, l := range strings.Split(indented.String(), "\n") {
		if i == most {
			rows = append(rows, text.NewAutoRow("…", props.Text{Size: 8}))
			break
		}
		indent := float64(len(l) - len(strings.TrimLeft(l, " ")))
		rows = append(rows, text.NewAutoRow(clean(strings.TrimSpace(l)), props.Text{Size: 8, Left: indent}))
	}
	return rows
}

func section(title string) []core.Row {
	return []core.Row{
		row.New(6).Add(col.New(12)),
		text.NewAutoRow(title, props.Text{Size: 13, Style: fontstyle.Bold, Color: ink, Bottom: 2}),
	}
}

// table lays cells out in columns, whose widths add up to 12. Every second line is shaded.
func table(header []string, widths []int, lines [][]string) []core.Row {
	var rows []core.Row
	if header != nil {
		rows = append(rows, tableRow(header, widths, fontstyle.Bold))
	}
	for i, cells := range lines {
		r := tableRow(cells, widths, fontstyle.Normal)
		if i%2 == 0 {
			r = r.WithStyle(shaded)
		}
		rows = append(rows, r)
	}
	return rows
}

func tableRow(cells []string, widths []int, style fontstyle.Type) core.Row {
	r := row.New()
	for i, cell := range cells {
		r.Add(text.NewCol(widths[i], clean(cell), props.Text{Size: 9, Style: style, Align: align.Left, Top: 1.2, Bottom: 1.2, Left: 1.5}))
	}
	return r
}

// clean takes out what the font has no letter for.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r < ' ':
			return ' '
		case r > 0xffff: // emoji and the like: the library knows the basic plane only
			return '\u25a1'
		}
		return r
	}, s)
}

func number(v *float64, unit string) string {
	if v == nil {
		return "not measured"
	}
	return fmt.Sprintf("%.2f%s", *v, unit)
}

func span(s *Span, unit string) string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %s (%.0f to %.0f)", s.Mean, unit, s.Min, s.Max)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
