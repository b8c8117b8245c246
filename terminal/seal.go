package terminal

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"tonypi"
)

// seal encrypts private keys with XChaCha20-Poly1305. Its key lies in a file outside of the database, so that a stolen
// database or backup opens no robot.
type seal struct {
	path string
	mu   sync.Mutex
	aead cipher.AEAD // nil until first used
}

// sealVersion is the first byte of everything sealed.
const sealVersion = 1

// close encrypts plain and binds it to context.
func (s *seal) close(plain, context []byte) ([]byte, error) {
	aead, err := s.load(true)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, 1+chacha20poly1305.NonceSizeX+len(plain)+aead.Overhead())
	out[0] = sealVersion
	nonce := out[1:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return aead.Seal(out, nonce, plain, context), nil
}

// open decrypts what close made, or returns a Conflict when the key file is gone or another one.
func (s *seal) open(sealed, context []byte) ([]byte, error) {
	aead, err := s.load(false)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 1+chacha20poly1305.NonceSizeX || sealed[0] != sealVersion {
		return nil, errors.New("sealed key has an unknown form")
	}
	plain, err := aead.Open(nil, sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:], context)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Conflict, err, "The server's key for this robot does not open: the seal key file is another one. Make a new key")
	}
	return plain, nil
}

// load reads the key file, or makes it.
func (s *seal) load(create bool) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead != nil {
		return s.aead, nil
	}
	if s.path == "" {
		return nil, tonypi.Errorf(tonypi.Unavailable, "The server has no place for a seal key, so it can hold no keys")
	}
	key, err := readSealKey(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, tonypi.Errorf(tonypi.Conflict, "The server's key for this robot does not open: the seal key file is gone. Make a new key")
		}
		key, err = makeSealKey(s.path)
	}
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	defer clear(key)
	s.aead, err = chacha20poly1305.NewX(key)
	return s.aead, err
}

func readSealKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read by others (mode %v); make it 0600", path, info.Mode().Perm())
	}
	key, err := os.ReadFile(path)
	if err == nil && len(key) != chacha20poly1305.KeySize {
		err = fmt.Errorf("%s has %d bytes, not %d", path, len(key), chacha20poly1305.KeySize)
	}
	return key, err
}

// makeSealKey writes a new key in one piece: a crash leaves no half a key behind.
func makeSealKey(path string) ([]byte, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".seal-*") // 0600
	if err != nil {
		return nil, err
	}
	_, err = file.Write(key)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()))
	}
	return key, nil
}
