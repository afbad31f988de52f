# find_package(BouncerVerify CONFIG) reads this file. It is installed as
# <lib>/cmake/BouncerVerify/BouncerVerifyConfig.cmake and defines
#
#   BouncerVerify::bouncer_verify         the shared library, with the headers for C and C++
#   BouncerVerify::bouncer_verify_static  the static library, with the headers for C and C++
#
# Each target exists only if its library file is installed. All paths are relative to this file, so
# the installation can be moved.

include(CMakeFindDependencyMacro)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/BouncerVerifyTargets.cmake")

# Use the real path, because /lib may be a symbolic link to /usr/lib. The libraries are two folders
# up, in lib/ or lib/<architecture>/. The headers are in include/, which is beside lib/.
get_filename_component(_bouncer_verify_here "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(_bouncer_verify_lib "${_bouncer_verify_here}/../.." ABSOLUTE)
foreach(_bouncer_verify_up ".." "../..")
  get_filename_component(_bouncer_verify_include "${_bouncer_verify_lib}/${_bouncer_verify_up}/include" ABSOLUTE)
  if(EXISTS "${_bouncer_verify_include}/bouncer_verify.hpp")
    break()
  endif()
endforeach()
set(_bouncer_verify_shared
  "${_bouncer_verify_lib}/${CMAKE_SHARED_LIBRARY_PREFIX}bouncer_verify${CMAKE_SHARED_LIBRARY_SUFFIX}")
set(_bouncer_verify_static
  "${_bouncer_verify_lib}/${CMAKE_STATIC_LIBRARY_PREFIX}bouncer_verify${CMAKE_STATIC_LIBRARY_SUFFIX}")

if(NOT EXISTS "${_bouncer_verify_include}/bouncer_verify.hpp")
  set(BouncerVerify_FOUND FALSE)
  set(BouncerVerify_NOT_FOUND_MESSAGE "include/bouncer_verify.hpp not found beside ${_bouncer_verify_lib}")
elseif(NOT EXISTS "${_bouncer_verify_shared}" AND NOT EXISTS "${_bouncer_verify_static}")
  set(BouncerVerify_FOUND FALSE)
  set(BouncerVerify_NOT_FOUND_MESSAGE "library bouncer_verify not found in ${_bouncer_verify_lib}")
endif()
if(EXISTS "${_bouncer_verify_shared}")
  bouncer_verify_import(bouncer_verify SHARED "${_bouncer_verify_shared}" "${_bouncer_verify_include}")
endif()
if(EXISTS "${_bouncer_verify_static}")
  bouncer_verify_import(bouncer_verify_static STATIC "${_bouncer_verify_static}" "${_bouncer_verify_include}")
endif()

foreach(_bouncer_verify_variable here lib up include shared static)
  unset(_bouncer_verify_${_bouncer_verify_variable})
endforeach()
unset(_bouncer_verify_variable)
