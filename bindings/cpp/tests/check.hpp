// Common parts of the tests: a check that prints where it failed, and the key set and the example
// token of the DC/OS documentation.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <bouncer_verify.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) {                                                      \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (false)

/// True if `result` is a failure with `status` and a message.
template <class T>
bool fails(const bouncer::Result<T> &result, bouncer::Status status) {
    return !result && result.error().status() == status &&
           std::string_view(result.error().message()).size() > 10;
}

/// A snapshot of counters and states. The functions take the name of a row without `prefix`.
/// Reading a row that does not exist fails the test.
class Seen {
public:
    Seen(bouncer::Stats stats, std::string prefix) : stats_(std::move(stats)), prefix_(std::move(prefix)) {}

    [[nodiscard]] double number(const std::string &name) const { return row(name).number.value(); }
    [[nodiscard]] std::string text(const std::string &name) const {
        return std::string(row(name).text.value_or(""));
    }
    /// True if none of the rows has a value.
    [[nodiscard]] bool lacks(std::initializer_list<const char *> names) const {
        return std::none_of(names.begin(), names.end(),
                            [&](const char *name) { return row(name).number || row(name).text; });
    }
    [[nodiscard]] bool is_zero(std::initializer_list<const char *> names) const {
        return std::all_of(names.begin(), names.end(), [&](const char *name) { return number(name) == 0; });
    }
    [[nodiscard]] std::string source() const { return std::string((*stats_.begin()).source); }

private:
    bouncer::Stat row(const std::string &name) const {
        const std::optional<bouncer::Stat> row = stats_.find((prefix_ + name).c_str());
        CHECK(row && row->help.size() > 10);
        return *row;
    }

    bouncer::Stats stats_;
    std::string prefix_;
};

inline Seen cache(const bouncer::Verifier &verifier) {
    return Seen(verifier.try_stats().value(), "cache_");
}

/// The content of the file `name` in TEST_DATA, without final newlines.
inline std::string read_file(const char *name) {
    std::ifstream file(std::string(TEST_DATA "/") + name, std::ios::binary);
    CHECK(file);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

/// The "exp" of the example token of the DC/OS documentation.
constexpr std::int64_t document_exp = 1467985466;

inline bouncer::JwkSet document_jwks() {
    return bouncer::JwkSet::try_load(read_file("document_jwks.json")).value();
}

inline std::string document_token() {
    return read_file("document_token.txt");
}

/// The public half of tests/data/keys/rsa-2048-a.pem.
inline const std::string jwk_a =
    R"({"kty":"RSA","kid":"a","e":"AQAB","n":")"
    "kG8moYAhrlHLDr4CvSNzjRXh6Fo5omHXRHbF88clbLGoHnPUAQ_pHwV96rYPWAPVhM9Lp8372CtwGxrPm3u5ZDqGKn2c8_KnRHQU1-UVkC3WsI9w"
    "HLyVaRcKq0EvGM6yHw_O2xH34owix5OG-CvNLWDIF3-1pQgKIUA-_vtPJhrOwngeRFCCy2KqAZWeCErf-dN5nntb4AsU3gY5xMdTtAhU4ICdb6de"
    "ADI3oK4bJ9Dx4sO-7KhXKkm6opj1PM-hdfwXsdY57B8Wa6tF1Z2TJ52Xc6pblfUr_OHuyrvPVZ4gcw3bwt3fG96I_GULw-OTpeXb68hhJIQn3shj"
    "dpa5iQ"
    R"("})";

/// The settings of Policy::dcos() at the time `seconds`.
inline bouncer::PolicySettings dcos_at(std::int64_t seconds) {
    return bouncer::PolicySettings().profile("dcos").time(seconds);
}

inline bouncer::Policy policy_at(std::int64_t seconds) {
    return bouncer::Policy::try_make(dcos_at(seconds)).value();
}

#endif
