package bouncer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func TestAnOwnTokenIsNotPrinted(t *testing.T) {
	server := startIAM(t)
	token := must(server.startReady(t).TokenContext(soon(t)))(t)
	type holder struct {
		Shown  bouncer.OwnToken
		hidden bouncer.OwnToken
	}
	held := holder{token, token}
	shown := []string{token.String(), token.GoString(), token.LogValue().String(), logged(token), logged(held)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
		shown = append(shown, fmt.Sprintf(verb, token), fmt.Sprintf(verb, &token), fmt.Sprintf(verb, held), fmt.Sprintf(verb, []any{token}))
	}
	shown = append(shown, string(must(json.Marshal(held))(t)))
	signature := strings.Split(server.latest(), ".")[2]
	for _, text := range shown {
		if strings.Contains(text, signature[:20]) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", signature[:20])) {
			t.Error(text)
		}
	}
	if token.String() != "token 1 (not shown)" {
		t.Error(token)
	}
}

func TestTheZeroOwnTokenHasNoText(t *testing.T) {
	var token bouncer.OwnToken
	_, expires := token.ExpiresAt()
	if token.Text() != "" || token.Authorization() != "" || token.Generation() != 0 || expires || token.String() != "no token" {
		t.Error(token)
	}
}
