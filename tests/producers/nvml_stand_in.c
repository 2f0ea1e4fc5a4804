/* What the reader of graphics processors calls of NVIDIA's management library, with two processors.
 *
 * The first has everything and runs the process that asks. The second is a smaller one: its power is
 * not supported, and, as the environment says, it is lost after so many readings (NVML_LOST_AFTER), or a
 * reading of it never returns (NVML_HANGS). Without NVML_DRIVER set there is no driver.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };
enum { GRAPHICS, COMPUTE };

typedef struct { unsigned int gpu, memory; } Utilization;
typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } Memory;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu_instance, compute_instance; } Process;

static int devices[2] = {0, 1};
static int readings;

static int lost(const int *device) {
    const char *after = getenv("NVML_LOST_AFTER");
    return *device == 1 && after && readings >= atoi(after);
}

int nvmlInitWithFlags(unsigned int flags) { return getenv("NVML_DRIVER") ? SUCCESS : DRIVER_NOT_LOADED; }
int nvmlShutdown(void) { return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return SUCCESS; }

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, int **device) {
    *device = &devices[index];
    if (index == 1 && getenv("NVML_HANGS"))
        pause();
    if (lost(*device))
        return GPU_IS_LOST;
    readings += index == 1;
    return SUCCESS;
}

int nvmlDeviceGetName(int *device, char *name, unsigned int length) {
    strncpy(name, *device ? "NVIDIA L4" : "NVIDIA H100 80GB HBM3", length);
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(int *device, Utilization *rates) {
    if (lost(device))
        return GPU_IS_LOST;
    rates->gpu = *device ? 12 : 97;
    rates->memory = 40;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(int *device, Memory *memory) {
    memory->total = 85899345920ULL;
    memory->reserved = 600000000ULL;
    memory->used = *device ? 1000000000ULL : 64000000000ULL;
    memory->free = memory->total - memory->reserved - memory->used;
    return SUCCESS;
}

/* The older call alone. */
int nvmlDeviceGetTemperature(int *device, int sensor, unsigned int *degrees) {
    *degrees = *device ? 41 : 64;
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(int *device, unsigned int *milliwatts) {
    *milliwatts = 612500;
    return *device ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(int *device, unsigned int *milliwatts) {
    *milliwatts = 700000;
    return *device ? NOT_SUPPORTED : SUCCESS;
}

static int running(int *device, unsigned int *count, Process *processes, int kind) {
    unsigned int room = *count, there = *device ? 0 : kind == COMPUTE ? 2 : 1;
    *count = there;
    if (!there)
        return SUCCESS;
    if (room < there || !processes)
        return INSUFFICIENT_SIZE;
    processes[0] = (Process){getpid(), kind == COMPUTE ? 63000000000ULL : 5, 0, 0};
    if (there > 1)
        processes[1] = (Process){4194999, ~0ULL, 0, 0}; /* of another container, and its memory is not told */
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(int *device, unsigned int *count, Process *processes) {
    return running(device, count, processes, COMPUTE);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(int *device, unsigned int *count, Process *processes) {
    return running(device, count, processes, GRAPHICS);
}
