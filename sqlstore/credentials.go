package sqlstore

import (
	"context"

	"tonypi"
)

const credentialColumns = "id, kind, name, robot_id, user_id, secret_hash, created_at, expires_at, used_at"

func scanCredential(row scanner) (c tonypi.Credential, err error) {
	err = row.Scan(&c.ID, &c.Kind, &c.Name, &c.Robot, &c.UserID, &c.SecretHash, stamp{&c.CreatedAt}, stamp{&c.ExpiresAt}, stamp{&c.UsedAt})
	return c, err
}

func errNoCredential() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "Credential not found") }

// Credentials implements tonypi.CredentialStore; newest first.
func (s *Store) Credentials(ctx context.Context, kind tonypi.CredentialKind) ([]tonypi.Credential, error) {
	return all(ctx, s, scanCredential, "SELECT "+credentialColumns+" FROM credentials WHERE kind = $1 ORDER BY created_at DESC, id DESC", clean(kind))
}

// CredentialByHash implements tonypi.CredentialStore. It may have expired: the caller looks at ExpiresAt.
func (s *Store) CredentialByHash(ctx context.Context, secretHash []byte) (tonypi.Credential, error) {
	return one(ctx, s, errNoCredential(), scanCredential, "SELECT "+credentialColumns+" FROM credentials WHERE secret_hash = $1", bytesOf(secretHash))
}

// SaveCredential implements tonypi.CredentialStore. A secret that another credential has is a Conflict.
func (s *Store) SaveCredential(ctx context.Context, c tonypi.Credential) error {
	if err := checkKey("credential ID", c.ID); err != nil {
		return err
	}
	if len(c.SecretHash) == 0 {
		return tonypi.Errorf(tonypi.Invalid, "a credential needs the hash of a secret")
	}
	_, err := s.exec(ctx, "INSERT INTO credentials ("+credentialColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, robot_id = excluded.robot_id,
			user_id = excluded.user_id, secret_hash = excluded.secret_hash, created_at = excluded.created_at,
			expires_at = excluded.expires_at, used_at = excluded.used_at`,
		c.ID, clean(c.Kind), clean(c.Name), clean(c.Robot), clean(c.UserID), c.SecretHash, s.dialect.at(orNow(c.CreatedAt)),
		s.dialect.when(c.ExpiresAt), s.dialect.when(c.UsedAt))
	return s.violated(err, duplicateFault, tonypi.Errorf(tonypi.Conflict, "Credential already exists"))
}

// DeleteCredential implements tonypi.CredentialStore; an unknown one is NotFound.
func (s *Store) DeleteCredential(ctx context.Context, id string) error {
	if !sound(id) {
		return errNoCredential()
	}
	return s.execOne(ctx, errNoCredential(), "DELETE FROM credentials WHERE id = $1", id)
}
