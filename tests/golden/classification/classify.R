# Run in this folder: Rscript classify.R. Writes the data sets and, for each, what mclust says of them.
library(mclust)
data(banknote); data(thyroid); data(diabetes)
sets <- list(iris = list(iris[, 1:4], iris$Species), banknote = list(banknote[, -1], banknote$Status),
             thyroid = list(thyroid[, -1], thyroid$Diagnosis), diabetes = list(diabetes[, -1], diabetes$class))
number <- function(x) {
  x <- as.vector(x)
  out <- vapply(x, function(v) if (is.na(v)) "null" else { for (d in 15:17) { s <- formatC(v, digits = d, format = "g")
    if (as.numeric(s) == v) break }; trimws(s) }, "")
  out
}
vec <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
mat <- function(x) paste0("[", paste(apply(x, 1, vec), collapse = ", "), "]")
text <- function(x) paste0("[", paste(sprintf("\"%s\"", x), collapse = ", "), "]")
object <- function(...) { a <- list(...); paste0("{", paste(sprintf("\"%s\": %s", names(a), unlist(a)), collapse = ",\n "), "}") }
tight <- emControl(tol = c(1e-12, 1e-12), itmax = c(5000, 5000))
for (s in names(sets)) {
  X <- as.matrix(sets[[s]][[1]]); y <- factor(sets[[s]][[2]]); n <- nrow(X)
  if (s %in% c("thyroid", "diabetes")) write.csv(data.frame(X, class = y, check.names = FALSE), paste0(s, ".csv"), row.names = FALSE, quote = FALSE)
  edda <- lapply(mclust.options("emModelNames"), function(m) {
    f <- MclustDA(X, y, modelType = "EDDA", modelNames = m, control = tight, verbose = FALSE)
    D <- sapply(f$models, function(o) dens(X, modelName = o$modelName, parameters = o$parameters, logarithm = TRUE))
    joint <- sum((D + rep(log(f$prop), each = n))[cbind(1:n, as.integer(y))])
    object(loglik = number(f$loglik), joint = number(joint), df = number(round(f$df)), bic = number(f$bic)) })
  chosen <- MclustDA(X, y, modelType = "EDDA", verbose = FALSE)
  da <- MclustDA(X, y, verbose = FALSE)
  # every third row, and rows 2, 7, 12, ... lose their class
  hidden <- sort(unique(c(seq(1, n, by = 3), seq(2, n, by = 5))))
  cl <- as.character(y); cl[hidden] <- NA
  ssc <- lapply(mclust.options("emModelNames"), function(m) {
    f <- tryCatch(MclustSSC(X, cl, modelNames = m, control = tight, verbose = FALSE), error = function(e) NULL)
    if (is.null(f) || is.na(f$loglik)) return("null")
    object(loglik = number(f$loglik), df = number(f$df), bic = number(f$bic), pro = vec(f$parameters$pro),
           mean = mat(t(f$parameters$mean)), classification = text(f$classification)) })
  default <- MclustSSC(X, cl, verbose = FALSE)
  writeLines(object(
    classes = text(levels(y)),
    edda = paste0("{", paste(sprintf("\"%s\": %s", mclust.options("emModelNames"), unlist(edda)), collapse = ",\n "), "}"),
    edda_best = sprintf("\"%s\"", chosen$models[[1]]$modelName),
    edda_predicted = text(predict(chosen)$classification), edda_z = mat(predict(chosen)$z[seq(1, n, by = 10), ]),
    mclustda = object(loglik = number(da$loglik), df = number(da$df), bic = number(da$bic),
      models = text(sapply(da$models, function(m) m$modelName)), G = vec(sapply(da$models, function(m) m$G)),
      class_loglik = vec(sapply(da$models, function(m) m$loglik)),
      predicted = text(predict(da)$classification)),
    hidden = vec(hidden),
    ssc_best = sprintf("\"%s\"", default$modelName),
    ssc = paste0("{", paste(sprintf("\"%s\": %s", mclust.options("emModelNames"), unlist(ssc)), collapse = ",\n "), "}")),
    paste0(s, ".json"))
}
