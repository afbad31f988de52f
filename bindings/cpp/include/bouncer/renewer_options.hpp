/// @file renewer_options.hpp
///
/// The settings of a TokenRenewer.
///
/// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef BOUNCER_RENEWER_OPTIONS_HPP
#define BOUNCER_RENEWER_OPTIONS_HPP

#include "error.hpp"

namespace bouncer {

/// The settings of a TokenRenewer. Start from one of the five and add:
///
///     RenewerOptions options = RenewerOptions::service_account_file("/run/secrets/service-account.json").lazy();
///
/// Text that is not UTF-8 is refused at once (Status::InvalidArgument) and leaves the settings as they were; everything
/// else but a secret is looked at when a TokenRenewer is made of them.
class RenewerOptions : public detail::Owner<bouncer_renewer_options> {
public:
    using Owner::Owner;

    /// For a DC/OS service account, whose secret is JSON: "uid", "private_key" (RSA in PEM) and "login_endpoint". The
    /// key that is kept is wiped from memory with the last renewer made of it; reading the secret leaves a copy in memory
    /// that is free again. On failure: Status::UnusableCredentials.
    static Result<RenewerOptions> try_service_account(std::string_view secret) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account, secret.data(), secret.size());
    }
    /// For the DC/OS service account whose secret is in the file at `path`, which is read for each login, and first
    /// when a TokenRenewer is made.
    static Result<RenewerOptions> try_service_account_file(std::string_view path) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account_file, path.data(), path.size());
    }
    /// For the DC/OS service account in the environment variable DCOS_SERVICE_ACCOUNT_CREDENTIAL, which holds the
    /// secret or the path of a file with it. On failure: Status::UnusableCredentials.
    static Result<RenewerOptions> try_service_account_from_env() noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_service_account_from_env);
    }
    /// For an OAuth 2.0 client by the client credentials grant (RFC 6749 section 4.4), from the token endpoint at
    /// `token_url`: https, or http to this machine. The client authenticates with HTTP Basic.
    static Result<RenewerOptions> try_client_credentials(std::string_view token_url, std::string_view client_id,
                                                         std::string_view client_secret) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_client_credentials, token_url.data(),
                                            token_url.size(), client_id.data(), client_id.size(), client_secret.data(),
                                            client_secret.size());
    }
    /// For tokens that the program supplies itself: a thread of its own waits in TokenRenewer::wait_login() and answers
    /// with TokenRenewer::try_supply() or TokenRenewer::try_supply_failure(). `name` stands for the source in logs.
    /// Make one renewer of these settings.
    static Result<RenewerOptions> try_supplied(std::string_view name) noexcept {
        return detail::make<RenewerOptions>(bouncer_renewer_options_new_supplied, name.data(), name.size());
    }

    /// Logs in at `url`, in place of the service account's "login_endpoint", which may then be missing.
    Result<void> try_login_endpoint(std::string_view url) noexcept {
        return set(bouncer_renewer_options_set_login_endpoint, url);
    }
    /// Sends this parameter with the client credentials: "scope", "audience", "resource".
    Result<void> try_parameter(std::string_view name, std::string_view value) noexcept {
        return detail::act(bouncer_renewer_options_add_parameter, handle_.get(), name.data(), name.size(), value.data(),
                           value.size());
    }
    /// Writes "Bearer <token>" in the Authorization header: the default but for DC/OS.
    Result<void> try_bearer() noexcept { return set(bouncer_renewer_options_set_bearer); }
    /// Writes "token=<token>" in the Authorization header: the default for DC/OS.
    Result<void> try_dcos_header() noexcept { return set(bouncer_renewer_options_set_dcos_header); }
    /// Allows http to other machines: whoever is on the way can then take the token.
    Result<void> try_allow_http() noexcept { return set(bouncer_renewer_options_set_allow_http); }
    /// Trusts the certificate authorities of this PEM file too, besides the system's. It is read for each login, so it
    /// may be replaced.
    Result<void> try_ca_file(std::string_view path) noexcept { return set(bouncer_renewer_options_set_ca_file, path); }
    /// Goes through this proxy, as RemoteOptions::try_proxy().
    Result<void> try_proxy(std::string_view url) noexcept { return set(bouncer_renewer_options_set_proxy, url); }
    /// Goes through no proxy, whatever the environment says.
    Result<void> try_no_proxy() noexcept { return set(bouncer_renewer_options_set_no_proxy); }
    /// The time for one HTTP exchange: by default 10 seconds. The TCP connection must be there after 2.
    Result<void> try_timeout(std::chrono::milliseconds timeout) noexcept {
        return set(bouncer_renewer_options_set_timeout, timeout);
    }
    /// How long a caller waits at most for a token: by default 10 seconds.
    Result<void> try_max_wait(std::chrono::milliseconds max_wait) noexcept {
        return set(bouncer_renewer_options_set_max_wait, max_wait);
    }
    /// Logs in, and starts the thread, with the first call, not at once. For programs that fork after they set up.
    Result<void> try_lazy() noexcept { return set(bouncer_renewer_options_set_lazy); }

#ifdef __cpp_exceptions
    /// @copydoc try_service_account @throws Error
    [[nodiscard]] static RenewerOptions service_account(std::string_view secret) {
        return try_service_account(secret).or_throw();
    }
    /// @copydoc try_service_account_file @throws Error
    [[nodiscard]] static RenewerOptions service_account_file(std::string_view path) {
        return try_service_account_file(path).or_throw();
    }
    /// @copydoc try_service_account_from_env @throws Error
    [[nodiscard]] static RenewerOptions service_account_from_env() { return try_service_account_from_env().or_throw(); }
    /// @copydoc try_client_credentials @throws Error
    [[nodiscard]] static RenewerOptions client_credentials(std::string_view token_url, std::string_view client_id,
                                                           std::string_view client_secret) {
        return try_client_credentials(token_url, client_id, client_secret).or_throw();
    }
    /// @copydoc try_supplied @throws Error
    [[nodiscard]] static RenewerOptions supplied(std::string_view name) { return try_supplied(name).or_throw(); }

    /// @name The settings in a row
    /// As the functions with `try_` above. Each gives the settings, to go on with. @throws Error
    /// @{
    RenewerOptions &login_endpoint(std::string_view url) & { return with(try_login_endpoint(url)); }
    RenewerOptions &parameter(std::string_view name, std::string_view value) & {
        return with(try_parameter(name, value));
    }
    RenewerOptions &bearer() & { return with(try_bearer()); }
    RenewerOptions &dcos_header() & { return with(try_dcos_header()); }
    RenewerOptions &allow_http() & { return with(try_allow_http()); }
    RenewerOptions &ca_file(std::string_view path) & { return with(try_ca_file(path)); }
    RenewerOptions &proxy(std::string_view url) & { return with(try_proxy(url)); }
    RenewerOptions &no_proxy() & { return with(try_no_proxy()); }
    RenewerOptions &timeout(std::chrono::milliseconds timeout) & { return with(try_timeout(timeout)); }
    RenewerOptions &max_wait(std::chrono::milliseconds max_wait) & { return with(try_max_wait(max_wait)); }
    RenewerOptions &lazy() & { return with(try_lazy()); }

    [[nodiscard]] RenewerOptions login_endpoint(std::string_view url) && { return std::move(login_endpoint(url)); }
    [[nodiscard]] RenewerOptions parameter(std::string_view name, std::string_view value) && {
        return std::move(parameter(name, value));
    }
    [[nodiscard]] RenewerOptions bearer() && { return std::move(bearer()); }
    [[nodiscard]] RenewerOptions dcos_header() && { return std::move(dcos_header()); }
    [[nodiscard]] RenewerOptions allow_http() && { return std::move(allow_http()); }
    [[nodiscard]] RenewerOptions ca_file(std::string_view path) && { return std::move(ca_file(path)); }
    [[nodiscard]] RenewerOptions proxy(std::string_view url) && { return std::move(proxy(url)); }
    [[nodiscard]] RenewerOptions no_proxy() && { return std::move(no_proxy()); }
    [[nodiscard]] RenewerOptions timeout(std::chrono::milliseconds timeout) && {
        return std::move(this->timeout(timeout));
    }
    [[nodiscard]] RenewerOptions max_wait(std::chrono::milliseconds max_wait) && {
        return std::move(this->max_wait(max_wait));
    }
    [[nodiscard]] RenewerOptions lazy() && { return std::move(lazy()); }
    /// @}
#endif


private:
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, bouncer_error **)) noexcept {
        return detail::act(function, handle_.get());
    }
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, const char *, std::size_t, bouncer_error **),
                     std::string_view text) noexcept {
        return detail::act(function, handle_.get(), text.data(), text.size());
    }
    Result<void> set(bouncer_status (*function)(bouncer_renewer_options *, std::uint64_t, bouncer_error **),
                     std::chrono::milliseconds time) noexcept {
        // Less than 0 is refused as too long.
        return detail::act(function, handle_.get(), static_cast<std::uint64_t>(time.count()));
    }
#ifdef __cpp_exceptions
    RenewerOptions &with(Result<void> result) { return std::move(result).or_throw(), *this; }
#endif
};

}  // namespace bouncer

#endif  // BOUNCER_RENEWER_OPTIONS_HPP
