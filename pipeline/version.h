#ifndef SH_PIPELINE_VERSION_H
#define SH_PIPELINE_VERSION_H

#define SH_VERSION	"0.1.0"

#endif
