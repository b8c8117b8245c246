package sqlstore

import (
	"context"

	"tonypi"
)

const reportColumns = "title, description, robot_id, report_type, data, created_by, created_at"

func scanReport(row scanner) (r tonypi.Report, err error) {
	err = row.Scan(&r.ID, &r.Title, &r.Description, &r.Robot, &r.Type, document{&r.Data}, &r.CreatedBy, stamp{&r.CreatedAt})
	return r, err
}

func errNoReport(id int64) *tonypi.Error {
	return tonypi.Errorf(tonypi.NotFound, "Report %d not found", id)
}

// Reports implements tonypi.ReportStore. A limit above 1,000 is Invalid.
func (s *Store) Reports(ctx context.Context, f tonypi.ReportFilter) ([]tonypi.Report, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	var c conditions
	c.equal("robot_id", string(f.Robot))
	c.equal("report_type", f.Type)
	if f.Before != 0 {
		c.add("id < $%[1]d", f.Before)
	}
	query, args := c.list("id, "+reportColumns, "reports", "id DESC", limit)
	return all(ctx, s, scanReport, query, args...)
}

// Report implements tonypi.ReportStore.
func (s *Store) Report(ctx context.Context, id int64) (tonypi.Report, error) {
	return one(ctx, s, errNoReport(id), scanReport, "SELECT id, "+reportColumns+" FROM reports WHERE id = $1", id)
}

// CreateReport implements tonypi.ReportStore. It returns the report as it is stored. Data that is not JSON is Invalid;
// CreatedAt is now when it is zero.
func (s *Store) CreateReport(ctx context.Context, r tonypi.Report) (tonypi.Report, error) {
	data, err := object("data", r.Data)
	if err != nil {
		return tonypi.Report{}, err
	}
	return insert(ctx, s, scanReport, "INSERT INTO reports ("+reportColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING id, `+reportColumns, clean(r.Title), clean(r.Description), cut(r.Robot), cut(r.Type), data, clean(r.CreatedBy),
		s.dialect.at(orNow(r.CreatedAt)))
}

// DeleteReport implements tonypi.ReportStore.
func (s *Store) DeleteReport(ctx context.Context, id int64) error {
	return s.execOne(ctx, errNoReport(id), "DELETE FROM reports WHERE id = $1", id)
}
