# Run in this folder: Rscript criteria.R. Writes criteria.json: parameters, and what mclust makes of them: log-likelihood, df, BIC, ICL;
# plain, with a noise component (30 rows added to iris), and with equal shares. With noise EM is run to its end too.
library(mclust)
number <- function(x) vapply(as.vector(x), function(v) {
  if (is.na(v)) return("null")
  for (d in 15:17) { s <- formatC(v, digits = d, format = "g"); if (as.numeric(s) == v) break }
  trimws(s) }, "")
vec <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
rows <- function(x) paste0("[", paste(apply(x, 1, vec), collapse = ",\n  "), "]")
cubes <- function(x) paste0("[", paste(apply(x, 3, rows), collapse = ",\n "), "]")
control <- emControl(tol = c(1e-12, 1e-12), itmax = c(5000, 5000))
told <- character(0)
one <- function(kind, model, X, labels, G, Vinv = NULL, equal = FALSE, name) {
  z <- unmap(labels); noise <- !is.null(Vinv); k <- emControl(equalPro = equal)
  if (noise) z <- cbind(sapply(1:G, function(g) labels == g) * 1, (labels == 0) * 1)
  run <- if (noise) me(modelName = model, data = X, z = z, Vinv = Vinv, control = control)
  p <- if (noise) run$parameters else mstep(modelName = model, data = X, z = z, control = k)$parameters
  if (equal) p$pro <- rep(1 / G, G)
  es <- estep(modelName = model, data = X, parameters = p)
  d <- ncol(X); df <- nMclustParams(model, d, G, noise = noise, equalPro = equal)
  b <- bic(model, es$loglik, nrow(X), d, G, noise = noise, equalPro = equal)
  end <- if (noise) run$loglik else NA
  s <- p$variance$sigma; if (d == 1) s <- array(rep_len(p$variance$sigmasq, G), c(1, 1, G))
  told <<- c(told, sprintf("{\"kind\": \"%s\", \"dataset\": \"%s\", \"modelName\": \"%s\", \"G\": %d, \"Vinv\": %s, \"df\": %s, \"loglik\": %s, \"bic\": %s, \"icl\": %s, \"end\": %s,\n \"pro\": %s,\n \"mean\": %s,\n \"sigma\": %s}",
    kind, name, model, G, if (noise) number(Vinv) else "null", number(df), number(es$loglik), number(b),
    number(b + 2 * sum(log(apply(es$z, 1, max)))), number(end), vec(p$pro), if (d == 1) rows(matrix(p$mean)) else rows(t(p$mean)), cubes(s)))
}
X <- as.matrix(faithful); L <- hclass(hc(X, modelName = "VVV", use = "SVD"), 3)
I <- as.matrix(iris[, 1:4]); S <- as.integer(iris$Species)
# 30 rows spread evenly over the box: multiples of square roots, their fractions
U <- outer(1:30, sqrt(c(2, 3, 5, 7))) %% 1
low <- apply(I, 2, min) - 1; high <- apply(I, 2, max) + 1
N <- rbind(I, sweep(sweep(U, 2, high - low, "*"), 2, low, "+")); SN <- c(S, rep(0, 30)); V <- 1 / prod(apply(N, 2, max) - apply(N, 2, min))
for (m in mclust.options("emModelNames")) {
  one("plain", m, X, L, 3, name = "faithful"); one("equal", m, X, L, 3, equal = TRUE, name = "faithful")
  one("noise", m, N, SN, 3, Vinv = V, name = "iris and 30 rows")
}
A <- matrix(acidity); B <- ifelse(acidity > 5, 2, 1)
for (m in c("E", "V")) { one("plain", m, A, B, 2, name = "acidity"); one("equal", m, A, B, 2, equal = TRUE, name = "acidity") }
writeLines(sprintf("{\"noisy\": {\"rows\": %s, \"labels\": %s},\n\"cases\": [%s]}", rows(N), vec(SN), paste(told, collapse = ",\n")), "criteria.json")
