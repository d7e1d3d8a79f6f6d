#include "cli/cli.hpp"

int main(int argc, char** argv) {
    return bb::cli::run(argc, argv);
}
