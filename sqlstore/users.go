package sqlstore

import (
	"context"
	"database/sql"

	"tonypi"
)

const userColumns = "id, username, email, password_hash, role, is_active, created_at, updated_at"

func scanUser(row scanner) (u tonypi.User, err error) {
	err = row.Scan(&u.ID, &u.Username, &u.Email, &u.PasswordHash, &u.Role, &u.Active, stamp{&u.CreatedAt}, stamp{&u.UpdatedAt})
	return u, err
}

func errNoUser() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "User not found") }

func errUserTaken() *tonypi.Error {
	return tonypi.Errorf(tonypi.Conflict, "Username or email already exists")
}

// Users implements tonypi.UserStore.
func (s *Store) Users(ctx context.Context) ([]tonypi.User, error) {
	return all(ctx, s, scanUser, "SELECT "+userColumns+" FROM users ORDER BY created_at DESC, id DESC")
}

// User implements tonypi.UserStore.
func (s *Store) User(ctx context.Context, id string) (tonypi.User, error) {
	if !sound(id) {
		return tonypi.User{}, errNoUser()
	}
	return one(ctx, s, errNoUser(), scanUser, "SELECT "+userColumns+" FROM users WHERE id = $1", id)
}

// UserByName implements tonypi.UserStore, without regard to case.
func (s *Store) UserByName(ctx context.Context, username string) (tonypi.User, error) {
	if !sound(username) {
		return tonypi.User{}, errNoUser()
	}
	return one(ctx, s, errNoUser(), scanUser, "SELECT "+userColumns+" FROM users WHERE username_key = $1", fold(username))
}

// CreateUser implements tonypi.UserStore. Any number of users may have no e-mail address. CreatedAt and UpdatedAt are now
// when they are zero.
func (s *Store) CreateUser(ctx context.Context, u tonypi.User) error {
	if err := checkUser(u); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO users ("+userColumns+`, username_key, email_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		u.ID, u.Username, u.Email, clean(u.PasswordHash), clean(u.Role), u.Active, s.dialect.at(orNow(u.CreatedAt)),
		s.dialect.at(orNow(u.UpdatedAt)), fold(u.Username), fold(u.Email))
	return s.violated(err, duplicateFault, errUserTaken())
}

func checkUser(u tonypi.User) error {
	if err := checkKey("user ID", u.ID); err != nil {
		return err
	}
	if err := checkKey("username", u.Username); err != nil {
		return err
	}
	if u.Email == "" {
		return nil
	}
	return checkKey("email", u.Email)
}

// UpdateUser implements tonypi.UserStore. UpdatedAt is now when it is zero.
func (s *Store) UpdateUser(ctx context.Context, u tonypi.User) error {
	if !sound(u.ID) {
		return errNoUser()
	}
	if err := checkUser(u); err != nil {
		return err
	}
	err := s.execOne(ctx, errNoUser(), `UPDATE users SET username = $2, email = $3, password_hash = $4, role = $5,
			is_active = $6, updated_at = $7, username_key = $8, email_key = $9
		WHERE id = $1`,
		u.ID, u.Username, u.Email, clean(u.PasswordHash), clean(u.Role), u.Active, s.dialect.at(orNow(u.UpdatedAt)),
		fold(u.Username), fold(u.Email))
	return s.violated(err, duplicateFault, errUserTaken())
}

// DeleteUser implements tonypi.UserStore.
func (s *Store) DeleteUser(ctx context.Context, id string) error {
	if !sound(id) {
		return errNoUser()
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Sessions go by themselves, by their foreign key.
		result, err := tx.ExecContext(ctx, "DELETE FROM users WHERE id = $1", id)
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone == 0 {
			return orMissing(err, errNoUser())
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM credentials WHERE user_id = $1 AND kind = $2", id, tonypi.APIToken)
		return err
	})
}
