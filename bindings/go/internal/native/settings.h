// Builds settings and the objects that they configure, with one call from Go into C. Included by
// policy.go, remote.go, renewer.go and settings.go.
#ifndef BOUNCER_GO_SETTINGS_H
#define BOUNCER_GO_SETTINGS_H

#include <string.h>
#include "bouncer_verify.h"

// Makes new settings and applies `changes` to them, `len` bytes that native.Settings encoded. The
// caller frees the settings. The settings keep the first error, so this function does not check the
// results of its calls.
//
// A change consists of one letter, the length of the value as a native uint32_t, the name with its
// final NUL, and the value. The letter is 's' to set, 'a' to add, 'l' to load a JSON document.
static inline bouncer_settings *bouncer_go_settings(uint32_t kind, const char *changes, size_t len) {
	bouncer_settings *settings = bouncer_settings_new(kind);
	for (const char *end = changes + len; changes < end;) {
		char change = *changes;
		uint32_t value_len;
		memcpy(&value_len, changes + 1, sizeof value_len);
		const char *name = changes + 1 + sizeof value_len;
		const char *value = name + strlen(name) + 1;
		switch (change) {
		case 's': bouncer_settings_set(settings, name, value, value_len); break;
		case 'a': bouncer_settings_add(settings, name, value, value_len); break;
		default: bouncer_settings_load(settings, value, value_len);
		}
		changes = value + value_len;
	}
	return settings;
}

static inline bouncer_status bouncer_go_policy_new(
		const char *changes, size_t len, bouncer_policy **out, bouncer_error **err) {
	bouncer_settings *settings = bouncer_go_settings(BOUNCER_KIND_POLICY, changes, len);
	bouncer_status status = bouncer_policy_new(settings, out, err);
	bouncer_settings_free(settings);
	return status;
}

static inline bouncer_status bouncer_go_remote_jwks_new(
		const char *changes, size_t len, bouncer_remote_jwks **out, bouncer_error **err) {
	bouncer_settings *settings = bouncer_go_settings(BOUNCER_KIND_KEYS, changes, len);
	bouncer_status status = bouncer_remote_jwks_new(settings, out, err);
	bouncer_settings_free(settings);
	return status;
}

static inline bouncer_status bouncer_go_renewer_new(
		const char *changes, size_t len, bouncer_renewer **out, bouncer_error **err) {
	bouncer_settings *settings = bouncer_go_settings(BOUNCER_KIND_RENEWER, changes, len);
	bouncer_status status = bouncer_renewer_new(settings, out, err);
	bouncer_settings_free(settings);
	return status;
}

// Makes new settings of a verifier from a configuration document. The caller frees the settings.
static inline bouncer_settings *bouncer_go_configuration(const char *document, size_t len) {
	bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_VERIFIER);
	bouncer_settings_load(settings, document, len); // the settings keep the error
	return settings;
}

#endif
