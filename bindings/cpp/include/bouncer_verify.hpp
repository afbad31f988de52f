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
/// A JwkSet holds keys that do not change. A TokenRenewer keeps the service's own token valid. A
/// Verifier may accept tokens of many issuers: see Verifier::from_config() and VerifierSettings.
///
/// Rules for everything here:
///
/// - **Failures.** Each function that can fail exists twice. `load` throws an Error; `try_load` is
///   noexcept and returns a Result that holds a Failure. Both report the same cause. With
///   -fno-exceptions only the functions with `try_` exist.
/// - **Ownership.** Views refer to another object and can be copied. The other classes own a handle
///   of the library. They can be moved but not copied, except Error. Besides handles, these headers
///   allocate memory only for a thrown Error, a logger, and text lists or map names during a call.
///   A moved-from object may be destroyed or reassigned. Its getters return empty values, and its
///   other functions fail with Status::NullArgument.
/// - **Lifetimes.** Text arguments are `std::string_view`; they are read during the call and not
///   kept. Text, views and ranges that a member function returns are valid until its object is
///   destroyed. Calling such a function on a temporary does not compile: store the object in a
///   variable first.
/// - **Threads.** Any number of threads may call const functions of one object at once. Settings
///   must not be changed while another thread uses them. There is no thread-local state. The global
///   state is the logger that try_set_logger() sets, the memory that tables of keys take, and flags
///   that turn off accelerated arithmetic. They are set by the environment, or when an accelerated
///   result differs from the result of aws-lc.
/// - **Times** in tokens are whole seconds since 1970-01-01T00:00:00Z, as an integer. They are not
///   std::chrono::system_clock times, because those overflow in the year 2262 if they count
///   nanoseconds.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "bouncer/logger.hpp"
#include "bouncer/renewer.hpp"
#include "bouncer/verifier.hpp"
