#include <malloc.h>
#include <sys/timerfd.h>
#include <uv.h>
