/// @file bouncer_verify.hpp
///
/// Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517). This is the C++17
/// interface, on top of bouncer_verify.h. Include only this header; there is nothing to compile.
///
///     // Once: fetch the issuer's keys in the background, and accept its tokens for "orders".
///     bouncer::Verifier verifier(
///         bouncer::RemoteJwkSet(bouncer::KeysSettings().discover("https://id.example")),
///         bouncer::Policy::for_issuer("https://id.example", "orders"));
///
///     // For each request, on any thread. Both calls throw an Error on failure.
///     bouncer::VerifiedToken token = verifier.verify_authorization(header);
///     std::string_view user = token.claim_string("sub");
///
/// A JwkSet holds keys that do not change. A TokenRenewer keeps the service's own token valid.
///
/// Rules for everything here:
///
/// - **Failures.** Each function that can fail exists twice. `load` throws an Error; `try_load` is
///   noexcept and returns a Result that holds a Failure. Both report the same cause. With
///   -fno-exceptions only the second one exists.
/// - **Ownership.** Each class, except the views, owns a handle of the library. Objects can be
///   moved, not copied. Besides handles, only a thrown Error and the lists of texts for a call
///   allocate memory. A moved-from object may be destroyed or reassigned; getters return empty
///   values, and its other functions fail with Status::NullArgument.
/// - **Lifetimes.** Text arguments are `std::string_view`; they are read during the call and not
///   kept. Text, views and ranges that a function returns belong to its object and are valid until
///   it is destroyed. Calling such a function on a temporary does not compile: store the object in
///   a variable first.
/// - **Threads.** Any number of threads may call const functions of one object at once. Settings
///   must not be changed while another thread uses them. There is no thread-local state, and the
///   only global state is the logger of try_set_logger().
/// - **Times** in tokens are whole seconds since 1970-01-01T00:00:00Z, as a number. An "exp" may be
///   after the year 2262, where the nanoseconds of std::chrono::system_clock overflow.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "bouncer/logger.hpp"
#include "bouncer/renewer.hpp"
#include "bouncer/verifier.hpp"
