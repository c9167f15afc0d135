# engine/mail against libpostfix's own MIME engine; skipped where the oracle is absent.
add_executable(mime_keys mime_keys.cc)
target_link_libraries(mime_keys PRIVATE headgate_mail)
target_precompile_headers(mime_keys REUSE_FROM headgate_pch)
add_test(NAME collide_mime_keys
         COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/mime_keys.py $<TARGET_FILE:mime_keys>)
set_tests_properties(collide_mime_keys PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
