// Reads tokens of an issuer from standard input, one per line, and verifies them.
// Prints "ok <sub>" or the name of the error for each token.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"

	"bouncer-verify.internal/bouncer"
)

func main() {
	issuer, audience := os.Args[1], os.Args[2]
	keys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer})
	if err != nil {
		log.Fatal(err)
	}
	policy := bouncer.ForIssuer(issuer, audience)
	policy.TokenType = "at+jwt"
	verifier, err := bouncer.NewVerifier(keys, policy)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		token, err := verifier.Verify(lines.Text())
		var rejection *bouncer.Error
		switch {
		case err == nil:
			fmt.Println("ok", token.Subject())
		case errors.As(err, &rejection):
			fmt.Println(rejection.Name())
		default:
			fmt.Println(err)
		}
	}
}
