# Run in this folder: Rscript further.R. Writes <data set>.json for three more data sets of mclust, and their rows as CSV.
library(mclust)
data(diabetes); data(thyroid); data(wdbc)
sets <- list(diabetes = list(diabetes[, -1], diabetes$class), thyroid = list(thyroid[, -1], thyroid$Diagnosis),
             wdbc = list(wdbc[, c("Texture_mean", "Area_extreme", "Smoothness_extreme")], wdbc$Diagnosis))
number <- function(x) vapply(as.vector(x), function(v) {
  if (is.na(v)) return("null")
  for (d in 15:17) { s <- formatC(v, digits = d, format = "g"); if (as.numeric(s) == v) break }
  trimws(s) }, "")
vec <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
rows <- function(x) paste0("[", paste(apply(x, 1, vec), collapse = ",\n  "), "]")
text <- function(x) paste0("[", paste(sprintf("\"%s\"", x), collapse = ", "), "]")
object <- function(...) { a <- list(...); paste0("{", paste(sprintf("\"%s\": %s", names(a), unlist(a)), collapse = ",\n "), "}") }
families <- mclust.options("emModelNames")
table <- function(x) object(G = vec(1:9), modelNames = text(families), values = rows(x))
control <- emControl(tol = c(1e-10, sqrt(.Machine$double.eps)), itmax = c(5000, 5000))
for (s in names(sets)) {
  X <- as.matrix(sets[[s]][[1]]); n <- nrow(X); d <- ncol(X)
  write.csv(data.frame(X, class = sets[[s]][[2]], check.names = FALSE), paste0(s, ".csv"), row.names = FALSE, quote = FALSE)
  labels <- hclass(hc(X, modelName = "VVV", use = "SVD"), 2:9)
  BIC <- ICL <- loglik <- matrix(NA, 9, length(families))
  for (g in 1:9) for (j in seq_along(families)) {
    f <- if (g == 1) mvn(families[j], X) else me(modelName = families[j], data = X, z = unmap(labels[, g - 1]), control = control)
    if (is.null(f$loglik) || is.na(f$loglik)) next
    loglik[g, j] <- f$loglik
    BIC[g, j] <- 2 * f$loglik - nMclustParams(families[j], d, g) * log(n)
    ICL[g, j] <- BIC[g, j] + if (g == 1) 0 else 2 * sum(log(apply(f$z, 1, max)))
  }
  best <- function(x) { at <- which(x == max(x, na.rm = TRUE), arr.ind = TRUE)[1, ]
    object(modelName = sprintf("\"%s\"", families[at[2]]), G = at[1]) }
  default <- mclustBIC(X, verbose = FALSE); icl <- mclustICL(X, verbose = FALSE)
  writeLines(object(dataset = sprintf("\"%s\"", s), n = n, d = d, loglik = table(loglik), BIC = table(BIC), ICL = table(ICL),
    default = table(unclass(default)[, families]), best_bic = best(unclass(default)[, families]),
    best_icl = best(unclass(icl)[, families]), best_bic_tight = best(BIC), best_icl_tight = best(ICL),
    init = object(G = vec(2:9), labels = rows(t(labels)))), paste0(s, ".json"))
}
