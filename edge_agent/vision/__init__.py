"""The process of one camera: pictures in, counts out; the only package that touches cv2, numpy and av."""
