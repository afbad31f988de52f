/// @file remote_options.hpp
///
/// The settings of a RemoteJwkSet.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_REMOTE_OPTIONS_HPP
#define BOUNCER_REMOTE_OPTIONS_HPP

#include "jwks.hpp"

namespace bouncer {

/// The settings of a RemoteJwkSet. Start from one of the two and add:
///
///     RemoteOptions options = RemoteOptions::for_url("https://master.mesos/acs/api/v1/auth/jwks").ca_file("ca.pem");
///
/// Text that is not UTF-8 is refused at once (Status::InvalidArgument) and leaves the settings as they were; everything
/// else is looked at when a RemoteJwkSet is made of them.
class RemoteOptions : public detail::Owner<bouncer_remote_options> {
public:
    using Owner::Owner;

    /// For the key set at `url`: https, or http to this machine.
    static Result<RemoteOptions> try_for_url(std::string_view url) noexcept {
        return detail::make<RemoteOptions>(bouncer_remote_options_new, url.data(), url.size());
    }
    /// For the key set of `issuer`, found through its metadata at "/.well-known/openid-configuration" (OpenID Connect
    /// Discovery 1.0), which must name the same issuer, character for character. Here max_stale() is one hour.
    static Result<RemoteOptions> try_for_issuer(std::string_view issuer) noexcept {
        return detail::make<RemoteOptions>(bouncer_remote_options_new_for_issuer, issuer.data(), issuer.size());
    }

    /// Verifies with this back end.
    Result<void> try_backend(Backend backend) noexcept {
        return detail::act(bouncer_remote_options_set_backend, handle_.get(), static_cast<std::uint32_t>(backend));
    }
    /// Allows http to other machines: whoever is on the way can then choose the keys.
    Result<void> try_allow_http() noexcept { return set(bouncer_remote_options_set_allow_http); }
    /// Trusts the certificate authorities of this PEM file too, besides the system's. It is read for each fetch, so it
    /// may be replaced.
    Result<void> try_ca_file(std::string_view path) noexcept { return set(bouncer_remote_options_set_ca_file, path); }
    /// Goes through this proxy, "http://[user:password@]host:port", in place of what the environment says:
    /// https_proxy for https, http_proxy for http, else all_proxy, but for hosts in no_proxy, in lower or upper case.
    /// Never for this machine.
    Result<void> try_proxy(std::string_view url) noexcept { return set(bouncer_remote_options_set_proxy, url); }
    /// Goes through no proxy, whatever the environment says.
    Result<void> try_no_proxy() noexcept { return set(bouncer_remote_options_set_no_proxy); }
    /// Follows up to three redirects to the same scheme, host and port. By default a redirect is a failure.
    Result<void> try_same_origin_redirects() noexcept {
        return set(bouncer_remote_options_set_same_origin_redirects);
    }
    /// How long keys are fresh where the server does not say (Cache-Control, Expires): by default 10 minutes, at least
    /// one second. What it says counts from 60 seconds to 24 hours.
    Result<void> try_ttl(std::chrono::milliseconds ttl) noexcept { return set(bouncer_remote_options_set_ttl, ttl); }
    /// How long keys are used after the issuer last confirmed them, if it cannot be reached; never less than they are
    /// fresh. By default 24 hours, or one with for_issuer().
    Result<void> try_max_stale(std::chrono::milliseconds max_stale) noexcept {
        return set(bouncer_remote_options_set_max_stale, max_stale);
    }
    /// The time for one HTTP exchange: by default 5 seconds. The TCP connection must be there after 2.
    Result<void> try_timeout(std::chrono::milliseconds timeout) noexcept {
        return set(bouncer_remote_options_set_timeout, timeout);
    }
    /// How long a verification waits at most for a fetch that may bring its key: by default 2 seconds.
    Result<void> try_max_wait(std::chrono::milliseconds max_wait) noexcept {
        return set(bouncer_remote_options_set_max_wait, max_wait);
    }
    /// Starts with this JWK Set document, until the first fetch succeeds: for programs that must answer at once.
    Result<void> try_seed(std::string_view json) noexcept { return set(bouncer_remote_options_set_seed, json); }
    /// Keeps the latest good document in this file (mode 0600, replaced whole), and starts with it if it is there, from
    /// the same source and not too old. Whoever can write the file, or its folder, can choose the keys.
    Result<void> try_last_good_file(std::string_view path) noexcept {
        return set(bouncer_remote_options_set_last_good_file, path);
    }
    /// Begins to fetch, and starts the thread, with the first verification or wait, not at once. For programs that fork
    /// after they set up.
    Result<void> try_lazy() noexcept { return set(bouncer_remote_options_set_lazy); }

#ifdef __cpp_exceptions
    /// @copydoc try_for_url @throws Error
    [[nodiscard]] static RemoteOptions for_url(std::string_view url) { return try_for_url(url).or_throw(); }
    /// @copydoc try_for_issuer @throws Error
    [[nodiscard]] static RemoteOptions for_issuer(std::string_view issuer) { return try_for_issuer(issuer).or_throw(); }

    /// @name The settings in a row
    /// As the functions with `try_` above. Each gives the settings, to go on with. @throws Error
    /// @{
    RemoteOptions &backend(Backend backend) & { return with(try_backend(backend)); }
    RemoteOptions &allow_http() & { return with(try_allow_http()); }
    RemoteOptions &ca_file(std::string_view path) & { return with(try_ca_file(path)); }
    RemoteOptions &proxy(std::string_view url) & { return with(try_proxy(url)); }
    RemoteOptions &no_proxy() & { return with(try_no_proxy()); }
    RemoteOptions &same_origin_redirects() & { return with(try_same_origin_redirects()); }
    RemoteOptions &ttl(std::chrono::milliseconds ttl) & { return with(try_ttl(ttl)); }
    RemoteOptions &max_stale(std::chrono::milliseconds max_stale) & { return with(try_max_stale(max_stale)); }
    RemoteOptions &timeout(std::chrono::milliseconds timeout) & { return with(try_timeout(timeout)); }
    RemoteOptions &max_wait(std::chrono::milliseconds max_wait) & { return with(try_max_wait(max_wait)); }
    RemoteOptions &seed(std::string_view json) & { return with(try_seed(json)); }
    RemoteOptions &last_good_file(std::string_view path) & { return with(try_last_good_file(path)); }
    RemoteOptions &lazy() & { return with(try_lazy()); }

    [[nodiscard]] RemoteOptions backend(Backend backend) && { return std::move(this->backend(backend)); }
    [[nodiscard]] RemoteOptions allow_http() && { return std::move(allow_http()); }
    [[nodiscard]] RemoteOptions ca_file(std::string_view path) && { return std::move(ca_file(path)); }
    [[nodiscard]] RemoteOptions proxy(std::string_view url) && { return std::move(proxy(url)); }
    [[nodiscard]] RemoteOptions no_proxy() && { return std::move(no_proxy()); }
    [[nodiscard]] RemoteOptions same_origin_redirects() && { return std::move(same_origin_redirects()); }
    [[nodiscard]] RemoteOptions ttl(std::chrono::milliseconds ttl) && { return std::move(this->ttl(ttl)); }
    [[nodiscard]] RemoteOptions max_stale(std::chrono::milliseconds max_stale) && {
        return std::move(this->max_stale(max_stale));
    }
    [[nodiscard]] RemoteOptions timeout(std::chrono::milliseconds timeout) && {
        return std::move(this->timeout(timeout));
    }
    [[nodiscard]] RemoteOptions max_wait(std::chrono::milliseconds max_wait) && {
        return std::move(this->max_wait(max_wait));
    }
    [[nodiscard]] RemoteOptions seed(std::string_view json) && { return std::move(seed(json)); }
    [[nodiscard]] RemoteOptions last_good_file(std::string_view path) && { return std::move(last_good_file(path)); }
    [[nodiscard]] RemoteOptions lazy() && { return std::move(lazy()); }
    /// @}
#endif


private:
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, bouncer_error **)) noexcept {
        return detail::act(function, handle_.get());
    }
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
    Result<void> set(bouncer_status (*function)(bouncer_remote_options *, std::uint64_t, bouncer_error **),
                     std::chrono::milliseconds time) noexcept {
        // Less than 0 is refused as too long.
        return detail::act(function, handle_.get(), static_cast<std::uint64_t>(time.count()));
    }
#ifdef __cpp_exceptions
    RemoteOptions &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif
};

}  // namespace bouncer

#endif  // BOUNCER_REMOTE_OPTIONS_HPP
