//go:build !golang_jwt

package main

// installed returns no candidates: this build has no golang-jwt.
func installed(fixture) []*candidate { return nil }
