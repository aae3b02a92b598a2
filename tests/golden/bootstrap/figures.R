# Rscript figures.R; Rscript figures.R lrt        (in this folder; R 4.2.2, mclust 6.0.0)
suppressMessages(library(mclust))
data(acidity); data(diabetes); data(thyroid)
one <- function(x) if (is.na(x)) "null" else format(x, digits = 17)
json <- function(x) {
  if (is.list(x)) return(paste0("{", paste0('"', names(x), '": ', sapply(x, json), collapse = ",\n "), "}"))
  if (is.character(x)) return(if (length(x) == 1) paste0('"', x, '"') else paste0("[", paste0('"', x, '"', collapse = ", "), "]"))
  d <- dim(x)
  if (is.null(d)) return(if (length(x) == 1) one(x) else paste0("[", paste(sapply(x, one), collapse = ", "), "]"))
  if (length(d) == 1) return(paste0("[", paste(sapply(as.vector(x), one), collapse = ", "), "]"))
  paste0("[", paste(sapply(seq_len(d[1]), function(i) json(if (length(d) == 2) vec(x[i, ]) else array(x[i, , ], d[-1]))), collapse = ", "), "]")
}
vec <- function(x) structure(x, dim = length(x))            # a list of length one stays a list
tight <- emControl(tol = c(1e-13, 1e-13), itmax = c(20000, 20000))

# parameters, components first
arranged <- function(p, d) {
  G <- length(p$pro)
  list(weights = p$pro,
       means = if (d == 1) matrix(p$mean, G, 1) else t(p$mean),
       covariances = if (d == 1) array(rep(p$variance$sigmasq, length.out = G), c(G, 1, 1)) else aperm(p$variance$sigma, c(3, 1, 2)))
}
flat <- function(p, d) unlist(arranged(p, d))
shaped <- function(v, G, d) list(weights = vec(v[1:G]), means = matrix(v[G + 1:(G * d)], G, d),
                                 covariances = array(v[G + G * d + 1:(G * d * d)], c(G, d, d)))

# the same resamplings with EM run on to the end, by mclust's public me, me.weighted, sim and estep
converged <- function(M, X, type, B) {
  n <- nrow(X); d <- ncol(X); name <- M$modelName; z <- M$z
  fit <- function(i) switch(type,
    bs = { k <- sample(n, replace = TRUE); me(X[k, , drop = FALSE], name, z[k, ], control = tight) },
    wlbs = { w <- rexp(n); w <- w / mean(w); me.weighted(X, name, z, weights = w, control = tight) },
    pb = { Y <- sim(name, M$parameters, n)[, -1, drop = FALSE]
           me(Y, name, estep(Y, name, parameters = M$parameters)$z, control = tight) },
    jk = me(X[-i, , drop = FALSE], name, z[-i, ], control = tight))
  E <- lapply(seq_len(if (type == "jk") n else B), function(i) suppressWarnings(fit(i)))
  E <- do.call(rbind, lapply(E, function(m) flat(m$parameters, d)))
  E[complete.cases(E), , drop = FALSE]
}
summarized <- function(E, type, at, n) {
  se <- if (type == "jk") sqrt((nrow(E) - 1) / nrow(E) * colSums(sweep(E, 2, colMeans(E))^2)) else apply(E, 2, sd)
  ci <- if (type == "jk") NULL else apply(E, 2, quantile, c(.025, .975))
  list(se = se, low = ci[1, ], high = ci[2, ], kept = nrow(E))
}
told <- function(s, G, d) {
  r <- list(kept = s$kept, standard_errors = shaped(s$se, G, d))
  if (!is.null(s$low)) r <- c(r, list(low = shaped(s$low, G, d), high = shaped(s$high, G, d)))
  r
}

figures <- function(name, X, model, G, B = 999) {
  X <- as.matrix(X); d <- ncol(X); n <- nrow(X)
  if (name %in% c("diabetes", "thyroid")) write.csv(X, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
  M <- Mclust(X, G = G, modelNames = model, verbose = FALSE)
  t <- me(X, model, M$z, control = tight)
  M$parameters <- t$parameters; M$z <- t$z; M$loglik <- t$loglik
  out <- list(data = name, n = n, d = d, model = M$modelName, G = G, nboot = B, loglik = M$loglik,
              parameters = lapply(arranged(M$parameters, d), function(x) if (is.null(dim(x))) vec(x) else x))
  for (type in c("bs", "wlbs", "pb", "jk")) {
    set.seed(20); s <- system.time(E <- converged(M, X, type, B))
    r <- told(summarized(E, type, 0, n), G, d)
    set.seed(20); u <- system.time(boot <- MclustBootstrap(M, nboot = B, type = type, verbose = FALSE))
    se <- summary(boot, what = "se"); ci <- summary(boot, what = "ci", conf.level = 0.95)
    published <- list(seconds = unname(u[3]), weights = vec(as.numeric(se$pro)),
                      means = if (d == 1) matrix(se$mean, G, 1) else t(matrix(se$mean, d, G)))
    published$ci_weights <- matrix(as.numeric(ci$pro), 2, G)
    out[[type]] <- c(list(seconds = unname(s[3]), MclustBootstrap = published), r)
  }
  writeLines(json(out), paste0(paste(name, model, G, sep = "_"), ".json"))
  cat(name, model, G, "done\n")
}
ratio <- function(name, X, model, maxG, B = 999) {
  X <- as.matrix(X)
  set.seed(20); s <- system.time(L <- mclustBootstrapLRT(X, modelName = model, nboot = B, maxG = maxG, verbose = FALSE))
  writeLines(json(list(data = name, model = model, nboot = B, seconds = unname(s[3]), G = vec(as.numeric(L$G)),
                       statistics = vec(as.numeric(L$obs)), p_values = vec(as.numeric(L$p.value)))),
             paste0("lrt_", name, "_", model, ".json"))
  cat("lrt", name, model, s[3], "s\n")
}

what <- commandArgs(TRUE)
if ("lrt" %in% what) {
  ratio("faithful", faithful, "VVV", 3)
  ratio("acidity", data.frame(acidity = acidity), "V", 3)
  ratio("faithful", faithful, "EEE", 4)
  ratio("diabetes", diabetes[, -1], "VVV", 3)
  ratio("iris", iris[, 1:4], "VVV", 3)
} else {
  figures("faithful", faithful, "VVV", 2)
  figures("acidity", data.frame(acidity = acidity), "V", 2)
  figures("diabetes", diabetes[, -1], "VVV", 3)
  figures("iris", iris[, 1:4], "VEV", 2)
  figures("thyroid", thyroid[, -1], "VVI", 3)
  figures("faithful", faithful, "EEE", 3)
}
