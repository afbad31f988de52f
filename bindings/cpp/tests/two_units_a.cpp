// Includes the header in a second translation unit. A function that is not inline would then be
// defined twice, and linking would fail.
#include <bouncer_verify.hpp>

bouncer::Result<bouncer::JwkSet> load(std::string_view json);

int main() {
    return load("{}").error().status() == bouncer::Status::MalformedJwkSet &&
                   !bouncer::JwkSet::try_load("{}") && !bouncer::try_token_from_authorization("")
               ? 0
               : 1;
}
