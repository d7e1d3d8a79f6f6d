#include "app/serve.hpp"

namespace bb::app {

int serve(const config::Config&) {
    return 1;
}

}  // namespace bb::app
