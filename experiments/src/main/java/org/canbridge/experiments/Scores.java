package org.canbridge.experiments;

/**
 * How good a trained network is.
 *
 * @param heldOut mean square error of the noise on test images, noise and noise levels that are the
 *     same for all networks
 * @param frechet distance of the images drawn to the test images, on the classifier's features
 * @param accuracy share of the images drawn that the classifier takes for the class asked for
 */
record Scores(double heldOut, double frechet, double accuracy) {}
