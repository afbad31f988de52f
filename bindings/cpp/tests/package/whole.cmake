find_package(BouncerVerify 0.1 CONFIG REQUIRED)
target_link_libraries(app PRIVATE BouncerVerify::bouncer_verify)

add_executable(app_whole "${PROGRAM}")
target_link_libraries(app_whole PRIVATE BouncerVerify::bouncer_verify_static)
target_link_options(app_whole PRIVATE -static)

add_library(plugin MODULE "${PROGRAM}")
target_link_libraries(plugin PRIVATE BouncerVerify::bouncer_verify_static)
