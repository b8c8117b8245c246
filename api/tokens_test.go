package api

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

func TestAPITokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		operator, admin := f.tokens[tonypi.Operator], f.tokens[tonypi.Admin]
		made := read[NewSecret](f.do("POST", "/tokens", operator, `{"name":"backup","expires_in_days":1}`).want(201))
		if !strings.HasPrefix(made.Token, "tp_") || len(made.Token) < 26 || made.UserID != "id-operator" {
			t.Errorf("made %+v", made)
		}
		if me := read[tonypi.User](f.do("GET", "/auth/me", made.Token, "").want(200)); me.Username != "operator" {
			t.Errorf("me %+v", me)
		}
		list := f.do("GET", "/tokens", operator, "").want(200)
		if own := read[[]tonypi.Credential](list); len(own) != 1 || own[0].UsedAt.IsZero() || strings.Contains(list.body, made.Token) {
			t.Errorf("list %s", list.body)
		}
		if others := read[[]tonypi.Credential](f.do("GET", "/tokens", admin, "").want(200)); others == nil || len(others) != 0 {
			t.Errorf("the admin's tokens %+v", others)
		}
		f.do("DELETE", "/tokens/"+made.ID, admin, "").detail(404, "Token not found")
		f.do("POST", "/tokens", made.Token, `{"name":"more"}`).want(403)
		time.Sleep(24 * time.Hour)
		f.do("GET", "/robots", made.Token, "").detail(401, "Invalid or expired token")

		fresh, _ := f.signIn("operator")
		forever := read[NewSecret](f.do("POST", "/tokens", fresh, `{"name":"for ever"}`).want(201))
		time.Sleep(10 * 365 * 24 * time.Hour)
		f.do("GET", "/robots", forever.Token, "").want(200)
		fresh, _ = f.signIn("operator")
		f.do("DELETE", "/tokens/"+forever.ID, fresh, "").want(204)
		f.do("GET", "/robots", forever.Token, "").want(401)
		if strings.Contains(f.log.String(), forever.Token) {
			t.Error("the token is in the log")
		}
	})
}

func TestTokensAreBounded(t *testing.T) {
	f := newFixture(t)
	for i := range maxTokens {
		f.do("POST", "/tokens", f.tokens[tonypi.Viewer], fmt.Sprintf(`{"name":"t%d"}`, i)).want(201)
	}
	f.do("POST", "/tokens", f.tokens[tonypi.Viewer], `{"name":"one more"}`).detail(409, "There are 100 tokens already; delete one first")
	f.do("POST", "/tokens", f.tokens[tonypi.Admin], `{"name":"mine"}`).want(201)
}

func TestJoinTokens(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	made := read[NewSecret](f.do("POST", "/join-tokens", admin, "").want(201))
	if !strings.HasPrefix(made.Token, "tj_") || made.Kind != tonypi.JoinToken || made.ExpiresAt.Sub(made.CreatedAt) != 24*time.Hour {
		t.Errorf("made %+v", made)
	}
	short := read[NewSecret](f.do("POST", "/join-tokens", admin, `{"name":"lab","expires_in_hours":0.5}`).want(201))
	if short.Name != "lab" || short.ExpiresAt.Sub(short.CreatedAt) != 30*time.Minute {
		t.Errorf("made %+v", short)
	}
	if stored, err := f.store.CredentialByHash(t.Context(), secretHash(made.Token)); err != nil || stored.ID != made.ID {
		t.Errorf("stored %+v %v", stored, err)
	}
	if list := read[[]tonypi.Credential](f.do("GET", "/join-tokens", admin, "").want(200)); len(list) != 2 {
		t.Errorf("list %+v", list)
	}
	f.do("POST", "/join-tokens", admin, `{"expires_in_hours":9000}`).want(422)
	f.do("DELETE", "/join-tokens/"+made.ID, admin, "").want(204)
	f.do("DELETE", "/join-tokens/"+made.ID, admin, "").want(404)
	api := read[NewSecret](f.do("POST", "/tokens", admin, `{"name":"x"}`).want(201))
	f.do("DELETE", "/join-tokens/"+api.ID, admin, "").want(404) // another kind
}

func TestEnroll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		got := read[EnrollAnswer](f.do("POST", "/enroll", "", `{"token":"tj_good","robot_id":"r7","name":"Seven"}`).want(200))
		if got.Username != "r7" || got.Password == "" || got.MQTTPort != 1883 || got.WSPath != "/mqtt" || got.MQTTTLS {
			t.Errorf("answer %+v", got)
		}
		f.do("POST", "/enroll", "", `{"token":"tj_good","robot_id":"r7"}`).want(409)
		f.do("POST", "/enroll", "", `{"token":"tj_good","robot_id":"a#"}`).want(400)
		f.do("POST", "/enroll", "", `{"token":"tj_bad","robot_id":"r8"}`).detail(401, "The join token is wrong or too old")
		for range enrollBurst {
			f.do("POST", "/enroll", "", `{"token":"tj_bad","robot_id":"r8"}`)
		}
		f.do("POST", "/enroll", "", `{"token":"tj_good","robot_id":"r8"}`).want(429)
		time.Sleep(enrollEvery)
		f.do("POST", "/enroll", "", `{"token":"tj_good","robot_id":"r8"}`).want(200)
	})
}
