package share

// StepsWaiting returns how many steps of receipts wait for RunReceipts.
func (s *Service) StepsWaiting() int {
	s.steps.mu.Lock()
	defer s.steps.mu.Unlock()
	return s.steps.steps
}
