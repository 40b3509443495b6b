# cmake -DINPUT=FILE -DOUTPUT=FILE.c -DNAME=IDENTIFIER -P embed.cmake
# Writes a C file that defines the text of INPUT as the string NAME.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1, " bytes "${bytes}")
string(REGEX REPLACE "(................................................................................................)" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUTPUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {\n    ${bytes}0x00};\n")
