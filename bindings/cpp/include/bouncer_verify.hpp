/// @file bouncer_verify.hpp
///
/// Verifies JSON Web Tokens against an issuer's JWK Set: the C++17 interface over bouncer_verify.h.
/// This is the one header to include; nothing has to be compiled.
///
///     // Once: the issuer's keys.
///     bouncer::Verifier verifier(bouncer::JwkSet::load(json), bouncer::Policy::dcos());
///
///     // For every request. Both throw an Error on failure.
///     bouncer::VerifiedToken token = verifier.verify_authorization(header);
///     std::string_view uid = token.claim_string("uid");
///
/// A RemoteJwkSet in place of the JwkSet fetches the keys from their URL and keeps them fresh. A
/// TokenRenewer keeps the service's own token valid.
///
/// Rules that hold for everything here
///
/// - **Failures.** A function that can fail comes twice: `load` throws an Error, `try_load` is
///   noexcept and returns a Result that holds a Failure. Both say the same. With -fno-exceptions
///   only the second exists.
/// - **Ownership.** Each class but the views owns a handle of the library. It moves and does not
///   copy. Nothing else is allocated but a thrown Error and the lists of texts for a call. A
///   moved-from object may be destroyed or reassigned; its getters return empty values, and its
///   other functions fail with Status::NullArgument.
/// - **Lifetimes.** Text arguments are `std::string_view`, read during the call and not kept. Text,
///   views and ranges that a function returns belong to its object and live as long as that. Asking
///   a temporary for them does not compile.
/// - **Threads.** Any number of threads may use one object at once through const functions.
///   Settings must not be changed while another thread uses them. There is no thread-local state,
///   and no global state but the logger of try_set_logger().
/// - **Time** in tokens is in whole seconds since 1970-01-01T00:00:00Z: a number, because "exp" may
///   be after 2262, where the nanoseconds of std::chrono::system_clock overflow.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "bouncer/logger.hpp"
#include "bouncer/renewer.hpp"
#include "bouncer/verifier.hpp"
