//go:build !golang_jwt

package main

// installed returns no candidates, because golang-jwt is not installed.
func installed(fixture) []*candidate { return nil }
