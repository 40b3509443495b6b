/* A small neural network: inputs, one layer of tanh, one output. It is trained in place, by Adam
   (Kingma and Ba 2015, Adam: a method for stochastic optimization). */
#ifndef FM_NET_H
#define FM_NET_H

#include "random.h"
#include "state.h"

typedef struct fm_net fm_net;

/* Random weights in the layer, zeros at the output: it gives 0 until it has learnt. */
fm_net *fm_net_new(uint32_t inputs, uint32_t hidden, fm_random *random);
void fm_net_free(fm_net *net);

float fm_net_output(const fm_net *net, const float *inputs);

/* Adds the gradient of a loss whose derivative by the output at these inputs is slope. */
void fm_net_add_gradient(fm_net *net, const float *inputs, float slope);
/* One step down the gradients that were added since the last. */
void fm_net_step(fm_net *net);

/* Its weights and what was added of the gradient, count of each. For tests. */
float *fm_net_weights(fm_net *net, uint32_t *count);
const float *fm_net_gradient(const fm_net *net);

/* Saves or restores what it has learnt and how far its training is. */
void fm_net_state(fm_net *net, fm_state *state);

#endif
