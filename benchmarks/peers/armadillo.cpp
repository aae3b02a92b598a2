// Serve Armadillo's gmm_full and gmm_diag: `armadillo FOLDER THREADS`; see this folder's __init__.py for the two words.
#include <armadillo>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <omp.h>
#include <string>

static arma::vec read(const std::string& folder, const char* name) {
  arma::vec values;
  if (!values.load(folder + "/" + name + ".f64", arma::raw_binary)) std::exit(1);
  return values;
}

// Iterations from the start; Armadillo stops by itself once the likelihood no longer changes.
template <class Model>
static double fit(Model& model, const Model& start, const arma::mat& rows, unsigned components, unsigned steps) {
  model = start;
  const auto begun = std::chrono::steady_clock::now();
  if (!model.learn(rows, components, arma::eucl_dist, arma::keep_existing, 0, steps, 1e-10, false)) std::exit(2);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

template <class Model>
static void serve(const Model& start, const arma::mat& rows, unsigned components) {
  Model model = start;
  std::string word;
  unsigned steps = 0;
  while (std::cin >> word) {
    if (word == "fit") std::cin >> steps;
    std::printf("%.17g\n", word == "fit" ? fit(model, start, rows, components, steps) : model.avg_log_p(rows));
    std::fflush(stdout);
  }
}

int main(int, char** words) {
  const std::string folder = words[1];
  omp_set_num_threads(std::stoi(words[2]));
  arma::uword n, d, k;
  std::string family;
  std::ifstream(folder + "/shape.txt") >> n >> d >> k >> family;

  arma::vec loaded = read(folder, "rows");
  const arma::mat rows(loaded.memptr(), d, n, false, true);
  const arma::mat means = arma::reshape(read(folder, "means"), d, k);
  const arma::rowvec weights = read(folder, "weights").t();
  const arma::vec covariances = read(folder, "covariances");

  if (family == "full") {
    arma::cube each(covariances.memptr(), d, d, k);
    arma::gmm_full start;
    start.set_params(means, each, weights);
    serve(start, rows, k);
  } else {
    arma::gmm_diag start;
    start.set_params(means, arma::reshape(covariances, d, k), weights);
    serve(start, rows, k);
  }
}
