# Defines the imported targets, for the installed package and for CMakeLists.txt.
#
#   bouncer_verify_import(<name> SHARED|STATIC <library file> <include folders> [GLOBAL])
#
# defines BouncerVerify::<name>: the library, the C header and the C++ header. The library file need
# not exist yet: it may be built later.
function(bouncer_verify_import name kind library includes)
  if(TARGET BouncerVerify::${name})
    return()
  endif()
  add_library(BouncerVerify::${name} ${kind} IMPORTED ${ARGN})
  set_target_properties(BouncerVerify::${name} PROPERTIES
    IMPORTED_LOCATION "${library}"
    INTERFACE_INCLUDE_DIRECTORIES "${includes}")

  # A project without the language CXX can use the package too. CMake would reject cxx_std_17 there.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_COMPILE_FEATURES cxx_std_17)
  endif()

  # The shared library is already linked with its dependencies. A program that links the static
  # library must link them itself.
  if(kind STREQUAL "STATIC")
    set(system Threads::Threads ${CMAKE_DL_LIBS})
    if(UNIX AND NOT APPLE)
      # libgcc_s is not in this list: the compiler adds it, or libgcc_eh with -static.
      list(APPEND system m rt util)
      # A plugin that contains the static library must not be unmapped by dlclose(): the next thread
      # that ends would crash.
      set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_LINK_OPTIONS "LINKER:-z,nodelete")
    endif()
    set_property(TARGET BouncerVerify::${name} PROPERTY INTERFACE_LINK_LIBRARIES "${system}")
  endif()
endfunction()
