/* The fixed text of generated sources, codegen/NAME.c.in, built in. @KEY@ stands for a part that
   differs. */
#ifndef FM_TEMPLATES_H
#define FM_TEMPLATES_H

extern const char fm_template_kernel[];
extern const char fm_template_kernel_isa[];

#endif
