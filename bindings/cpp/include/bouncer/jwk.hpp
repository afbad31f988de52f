/// @file jwk.hpp
/// One public key.
/// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "error.hpp"

namespace bouncer {

/// A view of a public key that verifies signatures (RFC 7517 section 4). The key belongs to a Jwk
/// or a JwkSet. The view is valid until that object is destroyed. Cheap to copy. An empty view has
/// no text, no bytes and 0 bits.
class JwkView {
public:
    JwkView() noexcept = default;
    explicit JwkView(const bouncer_jwk *handle) noexcept : handle_(handle) {}

    /// False if the view is empty.
    [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// "kid", the key ID.
    [[nodiscard]] std::optional<std::string_view> kid() const noexcept {
        return detail::optional_text(bouncer_jwk_kid(handle_));
    }
    /// "alg", the only algorithm that the key may be used with. The text is static.
    [[nodiscard]] std::optional<std::string_view> algorithm() const noexcept {
        return detail::optional_text(bouncer_jwk_algorithm(handle_));
    }
    /// "kty", the key type: "RSA", "EC" or "OKP". The text is static.
    [[nodiscard]] std::string_view key_type() const noexcept {
        return detail::text(bouncer_jwk_key_type(handle_));
    }
    /// "crv", the curve; none for an RSA key. The text is static.
    [[nodiscard]] std::optional<std::string_view> curve() const noexcept {
        return detail::optional_text(bouncer_jwk_curve(handle_));
    }
    /// The size of the RSA modulus or of the curve, in bits.
    [[nodiscard]] std::size_t bits() const noexcept { return bouncer_jwk_bits(handle_); }
    /// The RSA modulus, big-endian without leading zeros; empty for other key types.
    [[nodiscard]] ByteView n() const noexcept { return bytes(bouncer_jwk_n(handle_)); }
    /// The RSA exponent, big-endian without leading zeros; empty for other key types.
    [[nodiscard]] ByteView e() const noexcept { return bytes(bouncer_jwk_e(handle_)); }
    /// True if a number of the key is written in a form that RFC 7518 forbids and this library
    /// tolerates. Those forms are padding, the standard base64 alphabet, a leading zero octet, and
    /// a coordinate without its leading zeros.
    [[nodiscard]] bool is_tolerated() const noexcept {
        return bouncer_jwk_is_tolerated(handle_) != 0;
    }
    /// The key in PEM, with the label "PUBLIC KEY".
    [[nodiscard]] std::string_view pem() const noexcept {
        return detail::text(bouncer_jwk_pem(handle_));
    }
    /// The key in DER SubjectPublicKeyInfo.
    [[nodiscard]] ByteView der() const noexcept { return bytes(bouncer_jwk_der(handle_)); }
    /// The key as a JWK, a JSON object.
    [[nodiscard]] std::string_view json() const noexcept {
        return detail::text(bouncer_jwk_json(handle_));
    }
    /// The JWK Thumbprint with SHA-256 (RFC 7638), in base64url.
    [[nodiscard]] std::string_view thumbprint() const noexcept {
        return detail::text(bouncer_jwk_thumbprint(handle_));
    }
    /// The "kid" that DC/OS's Bouncer derives from an RSA key; none for other key types.
    [[nodiscard]] std::optional<std::string_view> dcos_kid() const noexcept {
        return detail::optional_text(bouncer_jwk_dcos_kid(handle_));
    }
    /// The handle, for functions of bouncer_verify.h.
    [[nodiscard]] const bouncer_jwk *handle() const noexcept { return handle_; }

private:
    static ByteView bytes(bouncer_bytes bytes) noexcept { return {bytes.data, bytes.len}; }

    const bouncer_jwk *handle_ = nullptr;
};

/// A public key that owns its handle. Read it through `->`: `key->thumbprint()`.
class Jwk : public detail::Owner<bouncer_jwk> {
public:
    using Owner::Owner;

    /// Parses one JWK, a JSON object. On failure: Status::UnusableKey.
    static Result<Jwk> try_from_json(std::string_view json) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_json, json);
    }
    /// Parses PEM with the label "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE" (RFC 7468). Only
    /// the public key of a certificate is used; the certificate is not verified. On failure:
    /// Status::UnusableKey.
    static Result<Jwk> try_from_pem(std::string_view pem) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_pem, pem);
    }
    /// Parses DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). On failure: Status::UnusableKey.
    static Result<Jwk> try_from_der(ByteView der) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_der, der);
    }
    /// Makes an RSA key from its modulus and exponent, big-endian; leading zeros are allowed. On
    /// failure: Status::UnusableKey.
    static Result<Jwk> try_from_rsa_components(ByteView n, ByteView e) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_rsa_components, n, e);
    }
    /// Makes an RSA key from "n" and "e" of a JWK (Base64urlUInt, RFC 7518 section 2). On failure:
    /// Status::UnusableKey, or Status::InvalidArgument for text that is not UTF-8.
    static Result<Jwk> try_from_rsa_base64url(std::string_view n, std::string_view e) noexcept {
        return detail::make<Jwk>(bouncer_jwk_from_rsa_base64url, n, e);
    }

#ifdef __cpp_exceptions
    /// @copydoc try_from_json @throws Error
    [[nodiscard]] static Jwk from_json(std::string_view json) {
        return try_from_json(json).or_throw();
    }
    /// @copydoc try_from_pem @throws Error
    [[nodiscard]] static Jwk from_pem(std::string_view pem) { return try_from_pem(pem).or_throw(); }
    /// @copydoc try_from_der @throws Error
    [[nodiscard]] static Jwk from_der(ByteView der) { return try_from_der(der).or_throw(); }
    /// @copydoc try_from_rsa_components @throws Error
    [[nodiscard]] static Jwk from_rsa_components(ByteView n, ByteView e) {
        return try_from_rsa_components(n, e).or_throw();
    }
    /// @copydoc try_from_rsa_base64url @throws Error
    [[nodiscard]] static Jwk from_rsa_base64url(std::string_view n, std::string_view e) {
        return try_from_rsa_base64url(n, e).or_throw();
    }
#endif

    /// A pointer to a JwkView.
    class Pointer {
    public:
        explicit Pointer(JwkView key) noexcept : key_(key) {}
        [[nodiscard]] const JwkView *operator->() const noexcept { return &key_; }

    private:
        JwkView key_;
    };

    [[nodiscard]] Pointer operator->() const & noexcept { return Pointer(*this); }
    /// A view of the key.
    [[nodiscard]] operator JwkView() const & noexcept { return JwkView(handle_.get()); }

    Pointer operator->() const && = delete;  // store the object first
    operator JwkView() const && = delete;    // store the object first
};

}  // namespace bouncer
