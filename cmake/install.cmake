# Where everything lies on a host; the programs find each other by these places.
include(GNUInstallDirs)
install(TARGETS tocsin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS tocsin-guardd tocsin-supervisor RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tocsin)
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.[1-9])
foreach(page ${pages})
  string(REGEX MATCH "[1-9]$" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/packaging/completion/tocsin.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tocsin)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/completion/_tocsin
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${CMAKE_SOURCE_DIR}/docs/formats/configuration.md ${CMAKE_SOURCE_DIR}/docs/limitations.md
  ${CMAKE_SOURCE_DIR}/docs/threat-model.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/packaging/systemd/tocsin.service DESTINATION /lib/systemd/system)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/etc/tocsin.toml DESTINATION /etc/tocsin) # as the unit says
