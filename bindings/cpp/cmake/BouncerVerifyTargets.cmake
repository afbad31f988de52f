# The imported targets, for the installed package and for CMakeLists.txt alike.
#
#   bouncer_verify_import(<name> SHARED|STATIC <library file> <include folders> [GLOBAL])
#
# defines BouncerVerify::<name>: the library, the C header and the C++ header. The file may be yet to be built.
function(bouncer_verify_import name kind library includes)
  if(TARGET BouncerVerify::${name})
    return()
  endif()
  add_library(BouncerVerify::${name} ${kind} IMPORTED ${ARGN})
  set_target_properties(BouncerVerify::${name} PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${includes}")

  # A project in C alone may use the package too, and knows no features of C++.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_COMPILE_FEATURES cxx_std_17)
  endif()

  # What the shared library brings with it, the static one asks for.
  if(kind STREQUAL "STATIC")
    set(system Threads::Threads ${CMAKE_DL_LIBS})
    if(UNIX AND NOT APPLE)
      # No libgcc_s: the compiler's driver adds it, and with -static the library that there is in its place.
      list(APPEND system m rt util)
      # A plugin made with the static library, unmapped by dlclose(), would crash the next thread that ends.
      set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_LINK_OPTIONS "LINKER:-z,nodelete")
    endif()
    set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_LINK_LIBRARIES "${system}")
  endif()
endfunction()
