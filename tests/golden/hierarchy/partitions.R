# Writes partitions.json: Rscript partitions.R, in this folder. Labels from 1, a digit a row, for 2 to 9 clusters.
library(mclust)
data(diabetes); data(thyroid)
read <- function(name) {
  x <- read.csv(file.path("..", "data", paste0(name, ".csv")))
  as.matrix(x[, sapply(x, is.numeric), drop = FALSE])
}
sets <- list(faithful = read("faithful"), iris = read("iris"), banknote = read("banknote"),
             diabetes = as.matrix(diabetes[, -1]), thyroid = as.matrix(thyroid[, -1]), mtcars = as.matrix(mtcars))
digits <- function(classes) paste0('["', paste(apply(classes, 2, paste, collapse = ""), collapse = '",\n  "'), '"]')
cells <- function(x) paste0("[", paste(apply(x, 1, function(r)
  paste0("[", paste(format(r, digits = 15, trim = TRUE), collapse = ","), "]")), collapse = ",\n  "), "]")
entry <- function(name) {
  x <- sets[[name]]
  apart <- hc(x, modelName = "VVV", use = "SVD", partition = seq_len(nrow(x)))
  together <- hc(x, modelName = "VVV", use = "SVD", partition = dupPartition(x))
  own <- name %in% c("faithful", "iris", "banknote")
  paste0('"', name, '": {', if (own) "" else paste0('"rows": ', cells(x), ",\n"), '"apart": ', digits(hclass(apart, 2:9)),
         ',\n"together": ', digits(hclass(together, 2:9)), "}")
}
a <- read("acidity")[, 1]
classes <- sapply(2:9, function(g) mclust:::qclass(a, g))
body <- c(sapply(names(sets), entry), paste0('"acidity": {"quantiles": ', digits(classes), "}"))
writeLines(paste0("{", paste(body, collapse = ",\n"), "}"), "partitions.json")
