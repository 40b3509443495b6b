# The targets format and format-check: clang-format has the last word on layout. Versions differ in
# detail; the one that decides is Debian 12's, 14.
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
mark_as_advanced(CLANG_FORMAT)
if(CLANG_FORMAT)
  set(patterns include/*.h)
  foreach(room ${rooms} cli bench tests scripts)
    list(APPEND patterns ${room}/*.c ${room}/*.h ${room}/*/*.c ${room}/*/*.h)
  endforeach()
  file(GLOB formatted CONFIGURE_DEPENDS ${patterns})
  add_custom_target(format COMMAND ${CLANG_FORMAT} -i ${formatted} VERBATIM
                    COMMENT "clang-format -i")
  add_custom_target(format-check COMMAND ${CLANG_FORMAT} --dry-run -Werror ${formatted} VERBATIM
                    COMMENT "clang-format --dry-run")
endif()
