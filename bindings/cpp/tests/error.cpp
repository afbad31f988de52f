// Failures: their categories, the exception, and Result.
#include "check.hpp"

#include <csignal>
#include <exception>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

using bouncer::Error;
using bouncer::Failure;
using bouncer::JwkSet;
using bouncer::Policy;
using bouncer::Result;
using bouncer::Status;

static_assert(std::is_nothrow_copy_constructible_v<Error>, "thrown objects are copied");
static_assert(std::is_base_of_v<std::exception, Error>);
static_assert(std::is_nothrow_move_constructible_v<Failure> && !std::is_copy_constructible_v<Failure>);
static_assert(!std::is_convertible_v<Result<JwkSet>, bool>);

static_assert(bouncer::is_invalid_token(Status::Expired) && bouncer::is_invalid_token(Status::TokenTooLarge));
static_assert(!bouncer::is_invalid_token(Status::NoUsableKey) && !bouncer::is_invalid_token(Status::Ok));
static_assert(bouncer::is_keys_problem(Status::MalformedJwkSet) &&
              !bouncer::is_keys_problem(Status::NoMatchingKey));
static_assert(!bouncer::is_invalid_token(Status::InvalidArgument) &&
              !bouncer::is_keys_problem(Status::Internal));
static_assert(bouncer::is_invalid_token(Status{399}) && bouncer::is_keys_problem(Status{199}),
              "a status of a later version is in the same category");

static void a_status_has_a_stable_name() {
    CHECK(std::string_view(bouncer::status_name(Status::Ok)) == "ok");
    CHECK(std::string_view(bouncer::status_name(Status::WrongAudience)) == "wrong_audience");
    CHECK(std::string_view(bouncer::status_name(Status{999999})) == "unknown");
}

static void the_library_has_the_version_of_the_header() {
    const std::string version = std::to_string(BOUNCER_VERSION_MAJOR) + "." +
                                std::to_string(BOUNCER_VERSION_MINOR) + "." +
                                std::to_string(BOUNCER_VERSION_PATCH);
    CHECK(bouncer::library_version() == version && bouncer_abi_version() == BOUNCER_ABI_VERSION);
}

static void an_exception_reports_the_same_error_as_a_failure() {
    const JwkSet jwks = document_jwks();
    const std::string text = document_token();
    const auto failed = bouncer::try_verify_token(jwks, Policy::dcos(), text);
    CHECK(!failed && std::string_view(failed.error().name()) == "expired" && failed.error().claim() == "exp");
    std::exception_ptr kept;
    try {
        (void)bouncer::verify_token(jwks, Policy::dcos(), text);
        CHECK(false);
    } catch (const std::exception &error) {
        CHECK(std::string_view(error.what()) == failed.error().message());
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (const Error &error) {
        Error copy = error;
        Error moved = std::move(copy);  // Moving an Error copies it.
        copy = moved;
        CHECK(copy.status() == Status::Expired && moved.claim() == "exp" && copy.what() == error.what());
        CHECK(std::string_view(moved.name()) == "expired" && moved.is_invalid_token() &&
              !moved.is_keys_problem());
    }
}

static void a_moved_from_failure_is_still_a_failure() {
    Result<JwkSet> failed = JwkSet::try_load("{}");
    const Failure failure = std::move(failed).error();
    CHECK(std::string_view(failure.message()).size() > 20 && !failure.claim());
    CHECK(!failed && failed.error().status() == Status::MalformedJwkSet);
    CHECK(std::string_view(failed.error().message()) == "malformed_jwk_set");

    Result<void> rejected = JwkSet::try_load("{}").error();
    CHECK(std::move(rejected).error().status() == Status::MalformedJwkSet && !rejected);
}

static void every_accessor_of_a_result_returns_its_value() {
    Result<JwkSet> loaded = JwkSet::try_load(read_file("document_jwks.json"));
    CHECK(loaded && loaded->keys().size() == 1 && (*loaded).keys().size() == 1);
    const Result<JwkSet> &same = loaded;
    CHECK(same.value().keys().size() == 1 && same->keys().size() == 1);
    const JwkSet taken = *std::move(loaded);
    CHECK(taken.keys().size() == 1 && loaded && loaded->handle() == nullptr);
    const JwkSet thrown = JwkSet::try_load(read_file("document_jwks.json")).or_throw();
    CHECK(thrown.keys().size() == 1);
}

/// Runs `misuse` in a child process. Returns true if it was aborted.
template <class Misuse>
static bool aborts(Misuse misuse) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        misuse();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void reading_an_absent_value_or_error_aborts() {
    CHECK(aborts([] { (void)JwkSet::try_load("{}").value(); }));
    CHECK(aborts([] { (void)JwkSet::try_load(read_file("document_jwks.json")).error(); }));
    CHECK(aborts([] { (void)Result<void>().error(); }));
    CHECK(!aborts([] { (void)JwkSet::try_load("{}").error(); }));
}

int main() {
    a_status_has_a_stable_name();
    the_library_has_the_version_of_the_header();
    an_exception_reports_the_same_error_as_a_failure();
    a_moved_from_failure_is_still_a_failure();
    every_accessor_of_a_result_returns_its_value();
    reading_an_absent_value_or_error_aborts();
}
