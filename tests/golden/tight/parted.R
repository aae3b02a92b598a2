# Run in this folder: Rscript parted.R. Writes parted.json: the parameters at which mclust's VVE ends in the cells where
# its path and an exact one part; and together.json: faithful from the tree that keeps duplicates together.
library(mclust)
number <- function(x) vapply(as.vector(x), function(v) {
  if (is.na(v)) return("null")
  for (d in 15:17) { s <- formatC(v, digits = d, format = "g"); if (as.numeric(s) == v) break }
  trimws(s) }, "")
vec <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
rows <- function(x) paste0("[", paste(apply(x, 1, vec), collapse = ",\n  "), "]")
cubes <- function(x) paste0("[", paste(apply(x, 3, rows), collapse = ",\n "), "]")
text <- function(x) paste0("[", paste(sprintf("\"%s\"", x), collapse = ", "), "]")
control <- emControl(tol = c(1e-10, sqrt(.Machine$double.eps)), itmax = c(5000, 5000))
data(banknote); data(diabetes); data(thyroid); data(wdbc)
sets <- list(faithful = faithful, iris = iris[, 1:4], banknote = banknote[, -1],
             diabetes = diabetes[, -1], thyroid = thyroid[, -1],
             wdbc = wdbc[, c("Texture_mean", "Area_extreme", "Smoothness_extreme")])
cells <- list(c("iris", 5), c("banknote", 5), c("banknote", 6), c("banknote", 7), c("banknote", 8),
              c("diabetes", 7), c("diabetes", 8), c("thyroid", 2), c("thyroid", 7),
              c("wdbc", 6), c("wdbc", 7), c("wdbc", 9))
told <- vapply(cells, function(cell) {
  X <- as.matrix(sets[[cell[1]]]); g <- as.integer(cell[2])
  labels <- hclass(hc(X, modelName = "VVV", use = "SVD"), g)
  f <- me(modelName = "VVE", data = X, z = unmap(labels), control = control)
  p <- f$parameters
  sprintf("{\"dataset\": \"%s\", \"modelName\": \"VVE\", \"G\": %d, \"loglik\": %s,\n \"pro\": %s,\n \"mean\": %s,\n \"sigma\": %s}",
          cell[1], g, number(f$loglik), vec(p$pro), rows(t(p$mean)), cubes(p$variance$sigma))
}, "")
writeLines(paste0("[", paste(told, collapse = ",\n"), "]"), "parted.json")
X <- as.matrix(faithful); families <- mclust.options("emModelNames")
labels <- hclass(hc(X, modelName = "VVV", use = "SVD", partition = dupPartition(X)), 2:9)
BIC <- matrix(NA, 9, length(families))
for (g in 1:9) for (j in seq_along(families)) {
  f <- if (g == 1) mvn(families[j], X) else me(modelName = families[j], data = X, z = unmap(labels[, g - 1]), control = control)
  if (!is.null(f$loglik) && !is.na(f$loglik)) BIC[g, j] <- 2 * f$loglik - nMclustParams(families[j], 2, g) * log(nrow(X))
}
writeLines(sprintf("{\"BIC\": {\"G\": %s, \"modelNames\": %s, \"values\": %s},\n \"init\": {\"G\": %s, \"labels\": %s}}",
  vec(1:9), text(families), rows(BIC), vec(2:9), rows(t(labels))), "together.json")
