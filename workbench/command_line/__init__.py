"""Behind `eureka`: options that commands share, the import path of its processes, and `eureka doctor`."""
