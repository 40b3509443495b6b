#include "net.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of Adam, as its authors recommend, but for the rate. */
static const float RATE = 3e-3f;
static const float MEAN_DECAY = 0.9f, SQUARE_DECAY = 0.999f, TINY = 1e-8f;

/* The weights of a hidden unit are those of the inputs, its bias and its weight in the output; the
   output's bias is the last one of all. */
struct fm_net {
    uint32_t inputs, hidden, count;
    uint64_t steps;
    float *weights, *gradient, *mean, *square;
};

static float *unit_of(const fm_net *net, float *of, uint32_t h)
{
    return of + (size_t)h * (net->inputs + 2);
}

fm_net *fm_net_new(uint32_t inputs, uint32_t hidden, fm_random *random)
{
    fm_net *net = fm_alloc_zero(1, sizeof *net);
    net->inputs = inputs;
    net->hidden = hidden;
    net->count = hidden * (inputs + 2) + 1;
    net->weights = fm_alloc_zero(net->count, sizeof(float));
    net->gradient = fm_alloc_zero(net->count, sizeof(float));
    net->mean = fm_alloc_zero(net->count, sizeof(float));
    net->square = fm_alloc_zero(net->count, sizeof(float));
    float scale = 1 / sqrtf((float)inputs);
    for (uint32_t h = 0; h < hidden; h++)
        for (uint32_t i = 0; i <= inputs; i++) {
            float uniform = (float)(fm_random_next(random) >> 40) * 0x1p-24f;
            unit_of(net, net->weights, h)[i] = scale * (2 * uniform - 1);
        }
    return net;
}

void fm_net_free(fm_net *net)
{
    if (net == NULL)
        return;
    free(net->weights);
    free(net->gradient);
    free(net->mean);
    free(net->square);
    free(net);
}

static float activation(const fm_net *net, const float *unit, const float *inputs)
{
    float sum = unit[net->inputs];
    for (uint32_t i = 0; i < net->inputs; i++)
        sum += unit[i] * inputs[i];
    return tanhf(sum);
}

float fm_net_output(const fm_net *net, const float *inputs)
{
    float sum = net->weights[net->count - 1];
    for (uint32_t h = 0; h < net->hidden; h++) {
        const float *unit = unit_of(net, net->weights, h);
        sum += unit[net->inputs + 1] * activation(net, unit, inputs);
    }
    return sum;
}

void fm_net_add_gradient(fm_net *net, const float *inputs, float slope)
{
    net->gradient[net->count - 1] += slope;
    for (uint32_t h = 0; h < net->hidden; h++) {
        const float *unit = unit_of(net, net->weights, h);
        float *gradient = unit_of(net, net->gradient, h), a = activation(net, unit, inputs);
        float inner = slope * unit[net->inputs + 1] * (1 - a * a);
        for (uint32_t i = 0; i < net->inputs; i++)
            gradient[i] += inner * inputs[i];
        gradient[net->inputs] += inner;
        gradient[net->inputs + 1] += slope * a;
    }
}

void fm_net_step(fm_net *net)
{
    net->steps++;
    float mean_scale = 1 / (1 - powf(MEAN_DECAY, (float)net->steps));
    float square_scale = 1 / (1 - powf(SQUARE_DECAY, (float)net->steps));
    for (uint32_t w = 0; w < net->count; w++) {
        float g = net->gradient[w];
        net->mean[w] += (1 - MEAN_DECAY) * (g - net->mean[w]);
        net->square[w] += (1 - SQUARE_DECAY) * (g * g - net->square[w]);
        net->weights[w] -=
            RATE * mean_scale * net->mean[w] / (sqrtf(square_scale * net->square[w]) + TINY);
    }
    memset(net->gradient, 0, net->count * sizeof(float));
}

float *fm_net_weights(fm_net *net, uint32_t *count)
{
    *count = net->count;
    return net->weights;
}

const float *fm_net_gradient(const fm_net *net)
{
    return net->gradient;
}

static void numbers_state(fm_net *net, float *numbers, fm_state *state)
{
    fm_state_bytes(state, numbers, net->count * sizeof(float));
    for (uint32_t w = 0; w < net->count; w++)
        fm_state_require(state, isfinite(numbers[w]));
}

void fm_net_state(fm_net *net, fm_state *state)
{
    FM_STATE_VALUE(state, net->steps);
    numbers_state(net, net->weights, state);
    numbers_state(net, net->mean, state);
    numbers_state(net, net->square, state);
}
