// Includes the header twice in one translation unit.
#include <bouncer_verify.hpp>
#include <bouncer_verify.hpp>

bouncer::Result<bouncer::JwkSet> load(std::string_view json);

bouncer::Result<bouncer::JwkSet> load(std::string_view json) {
    (void)bouncer::try_token_from_authorization("");
    return bouncer::JwkSet::try_load(json);
}
