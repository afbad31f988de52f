//go:build !golang_jwt

package main

func installed(fixture) []*candidate { return nil }
